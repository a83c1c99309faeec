//! The form in which what was loaded into the schema is kept in the database.
//!
//! Owns how types and flags of fields are written there: by their names in describe, so that the
//! order in which this program lists them can change.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::Flags;
use super::{FieldType, Flag};

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name)
            .ok_or_else(|| D::Error::custom(format!("no type of fields is called {name}")))
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.named()
                .filter(|(_, is_set)| *is_set)
                .map(|(name, _)| name),
        )
    }
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut flags = Self::default();
        for name in Vec::<String>::deserialize(deserializer)? {
            let flag = Flag::named(&name)
                .ok_or_else(|| D::Error::custom(format!("no attribute is called {name}")))?;
            flags.put(flag, true);
        }
        Ok(flags)
    }
}
