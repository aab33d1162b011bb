import StreamtopSecurity

/// Secrets of TLS, DTLS and QUIC, as they are given.
extension FlowEngine {
    /// Adds key log text; lines may be cut anywhere. What it opens later is decrypted, what waited for it too.
    mutating func append(keyLog text: [UInt8]) { trackers.security.append(keyLog: text) }

    /// The key log's text ended: a last line without a line feed counts. Text of another source may follow.
    mutating func endKeyLog() { trackers.security.endKeyLog() }

    /// Secrets that the key log text given so far held.
    var secretsRead: Int { trackers.security.secretsRead }

    /// More secrets may come: encrypted records are held for them, within bounds.
    mutating func awaitSecrets(_ awaits: Bool) { trackers.security.awaitsSecrets = awaits }

    /// Takes over the secrets given to another engine, for one that starts afresh.
    mutating func adoptSecrets(of other: borrowing FlowEngine) {
        trackers.security.secrets = other.trackers.security.secrets
        trackers.security.awaitsSecrets = other.trackers.security.awaitsSecrets
    }
}
