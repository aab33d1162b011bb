import StreamtopBase
import StreamtopCrypto
import StreamtopModel

/// What all trackers of one engine share: the secrets, and what certificates say.
package struct SecurityTables: Sendable {
    /// nil when no secrets were given and none will come.
    package var secrets: SecretStore?
    /// More secrets may arrive: trackers hold encrypted records for them, within bounds.
    package var awaitsSecrets = false {
        didSet { if awaitsSecrets, secrets == nil { secrets = SecretStore(capacity: limits.secrets) } }
    }
    package let certificates = CertificateCache()
    private let limits: Limits

    /// What is kept at most; the oldest goes first.
    package struct Limits: Sendable {
        /// Connections whose secrets are known.
        package var secrets = SecretStore.defaultCapacity
        package init() {}
    }

    package init(secrets: SecretStore? = nil, awaitsSecrets: Bool = false, limits: Limits = Limits()) {
        self.secrets = secrets ?? (awaitsSecrets ? SecretStore(capacity: limits.secrets) : nil)
        self.awaitsSecrets = awaitsSecrets
        self.limits = limits
    }

    /// Adds key log text; lines may be cut anywhere.
    package mutating func append(keyLog text: [UInt8]) {
        if secrets == nil { secrets = SecretStore(capacity: limits.secrets) }
        secrets?.append(keyLogText: text)
    }

    /// The key log's text ended: a last line without a line feed counts.
    package mutating func endKeyLog() { secrets?.endOfText() }

    /// Secrets stored so far, repeated ones counted again.
    package var secretsRead: Int { secrets?.generation ?? 0 }

    /// The tables, for health.
    package var health: [TableHealth] {
        [
            TableHealth(
                name: "secrets", used: secrets?.count ?? 0, capacity: limits.secrets,
                evicted: UInt64(secrets?.evicted ?? 0))
        ]
    }
}
