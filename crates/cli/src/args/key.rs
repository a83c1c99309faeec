//! `accredit key …`: flag names as in `credhub generate -t certificate`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make an RSA key, a certificate request and a self-signed certificate
    New(Box<KeyNewArgs>),
    /// Say what a key, a certificate request or a certificate is
    Show(KeyShowArgs),
    /// Say whether a key, a certificate and a request belong together
    Check(KeyCheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct KeyNewArgs {
    /// Name of the files: NAME.key, NAME.csr, NAME.crt
    #[arg(short, long, default_value = "server")]
    pub(crate) name: String,
    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out_dir: PathBuf,
    /// Bits of the key: 2048, 3072 or 4096
    #[arg(
        short = 'k',
        long = "bits",
        alias = "key-length",
        default_value = "2048"
    )]
    pub(crate) bits: String,
    /// Common name of the certificate [default: the name of the files]
    #[arg(short, long)]
    pub(crate) common_name: Option<String>,
    /// Organization of the certificate
    #[arg(short, long)]
    pub(crate) organization: Option<String>,
    /// Unit of the organization
    #[arg(short = 'u', long)]
    pub(crate) organization_unit: Option<String>,
    /// City
    #[arg(short = 'i', long)]
    pub(crate) locality: Option<String>,
    /// State or province
    #[arg(short, long)]
    pub(crate) state: Option<String>,
    /// Country, two letters
    #[arg(short = 'y', long)]
    pub(crate) country: Option<String>,
    /// Days that the certificate is valid
    #[arg(short, long = "days", alias = "duration", default_value = "365")]
    pub(crate) days: String,
    /// Encrypt the private key with a passphrase
    #[arg(long)]
    pub(crate) encrypt: bool,
    /// Form of the private key
    #[arg(long, value_enum, default_value_t = KeyFormat::Pem)]
    pub(crate) format: KeyFormat,
    /// File with the passphrase of the key [default: asked at the terminal]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Replace files that are there already
    #[arg(long)]
    pub(crate) force: bool,
}

/// The forms in which a new private key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyFormat {
    /// PKCS#8 in NAME.key
    Pem,
    /// PKCS#12 with the certificate in NAME.p12, always encrypted
    Pkcs12,
    /// JSON Web Key in NAME.jwk
    Jwk,
    /// The object that `credhub get -j` prints, with the certificate, in NAME.json
    Credhub,
}

#[derive(Debug, Args)]
pub(crate) struct KeyShowArgs {
    /// A file, - for stdin, env:NAME, or another reference (docs/keys.md)
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// File with the passphrase, to look into what is encrypted
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyCheckArgs {
    /// Private key, certificate and request, two of them or all: files, - for stdin, env:NAME, or
    /// other references (docs/keys.md)
    #[arg(value_name = "REF", required = true, num_args = 2..=3)]
    pub(crate) references: Vec<String>,
    /// File with the passphrase of the key [default: asked at the terminal]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}
