use super::*;

async fn door() -> (Door, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (Door::Tcp(listener), address)
}

#[tokio::test]
async fn a_client_whose_machine_is_gone_does_not_hold_its_connection() {
    let (door, address) = door().await;
    let _client = TcpStream::connect(address).await.unwrap();
    let Line::Tcp(stream, _) = accept(&[door]).await.unwrap() else {
        panic!("no Unix socket was opened");
    };
    let socket = SockRef::from(&stream);
    assert!(socket.keepalive().unwrap());
    assert_eq!(
        socket.tcp_keepalive_time().unwrap(),
        Duration::from_secs(60)
    );
}
