// The JDK's own HTTP client signs in at the login host, and force-rest-api works on the My Domain: both
// find the proxy and the certificate by JAVA_TOOL_OPTIONS alone.

import com.fasterxml.jackson.databind.ObjectMapper;
import com.force.api.ApiConfig;
import com.force.api.ApiSession;
import com.force.api.ForceApi;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;

public class Force {
    static final String LOGIN_URL = "https://login.salesforce.com";

    static String part(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static String assertion() throws Exception {
        Map<String, Object> claims = Map.of(
            "iss", System.getenv("SF_CLIENT_ID"),
            "sub", System.getenv("SF_USERNAME"),
            "aud", LOGIN_URL,
            "exp", Instant.now().getEpochSecond() + 120);
        String input = part("{\"alg\":\"RS256\"}".getBytes(StandardCharsets.UTF_8)) + "."
            + part(new ObjectMapper().writeValueAsBytes(claims));
        String pem = Files.readString(Path.of(System.getenv("SF_JWT_KEY_FILE")));
        byte[] key = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(key)));
        signature.update(input.getBytes(StandardCharsets.UTF_8));
        return input + "." + part(signature.sign());
    }

    static ApiSession signIn() throws Exception {
        String grant = URLEncoder.encode("urn:ietf:params:oauth:grant-type:jwt-bearer", StandardCharsets.UTF_8);
        HttpRequest request = HttpRequest.newBuilder(URI.create(LOGIN_URL + "/services/oauth2/token"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString("grant_type=" + grant + "&assertion=" + assertion()))
            .build();
        HttpResponse<String> answer =
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        check(answer.statusCode() == 200, answer.body());
        Map<?, ?> token = new ObjectMapper().readValue(answer.body(), Map.class);
        return new ApiSession((String) token.get("access_token"), (String) token.get("instance_url"));
    }

    static void check(boolean isTrue, Object found) {
        if (!isTrue) {
            throw new AssertionError(found);
        }
    }

    public static void main(String[] arguments) throws Exception {
        ForceApi org = new ForceApi(new ApiConfig().setApiVersionString("v60.0"), signIn());
        String id = org.createSObject("Contact", Map.of("LastName", "Byron", "Email", "ada@peer.example"));
        org.updateSObject("Contact", id, Map.of("FirstName", "Ada"));
        check(org.getSObject("Contact", id).asMap().get("Name").equals("Ada Byron"), id);
        org.createOrUpdateSObject("Contact", "Email", "ada@peer.example", Map.of("Title", "Countess"));
        String soql = "SELECT Name FROM Contact WHERE Title = 'Countess' AND Id = '" + id + "'";
        check(org.query(soql).getTotalSize() == 1, soql);
        org.deleteSObject("Contact", id);
        check(org.query(soql).getTotalSize() == 0, soql);
        check(org.queryAll("SELECT Id FROM Contact", Map.class).getTotalSize() >= 100, "contacts");
        check(org.describeSObject("Account").getName().equals("Account"), "describe");
        check(org.getIdentity().getUsername().equals(System.getenv("SF_USERNAME")), "identity");
        System.out.println("all is well");
    }
}
