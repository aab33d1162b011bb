import StreamtopBase
import StreamtopCrypto
import StreamtopModel

/// What all trackers of one engine share: the secrets, and the hellos with early data seen lately.
package struct SecurityTables: Sendable {
    /// nil when no secrets were given and none will come.
    package var secrets: SecretStore?
    /// More secrets may arrive: trackers hold encrypted records for them, within bounds.
    package var awaitsSecrets = false {
        didSet { if awaitsSecrets, secrets == nil { secrets = SecretStore(capacity: limits.secrets) } }
    }
    var earlyHellos: RecentHellos
    private let limits: Limits

    /// What is kept at most; the oldest goes first.
    package struct Limits: Sendable {
        /// Connections whose secrets are known.
        package var secrets = SecretStore.defaultCapacity
        /// A replay follows soon or not at all: servers refuse tickets older than seconds.
        package var earlyHellos = 8_192
        package init() {}
    }

    package init(secrets: SecretStore? = nil, awaitsSecrets: Bool = false, limits: Limits = Limits()) {
        self.secrets = secrets ?? (awaitsSecrets ? SecretStore(capacity: limits.secrets) : nil)
        self.awaitsSecrets = awaitsSecrets
        self.limits = limits
        earlyHellos = RecentHellos(capacity: limits.earlyHellos)
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
                name: "early hellos", used: earlyHellos.count, capacity: earlyHellos.capacity,
                evicted: UInt64(earlyHellos.evicted)),
            TableHealth(
                name: "secrets", used: secrets?.count ?? 0, capacity: limits.secrets,
                evicted: UInt64(secrets?.evicted ?? 0)),
        ]
    }
}

/// The randoms of hellos that carried early data, to notice one that comes again in another connection (RFC 8446 section 8).
struct RecentHellos: Sendable {
    let capacity: Int
    private var seen: Set<HelloRandom> = []
    private var order: [HelloRandom] = []
    private var oldest = 0
    private(set) var evicted = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { seen.count }

    /// Notes a hello; true when it was there already.
    mutating func note(_ random: HelloRandom) -> Bool {
        guard seen.insert(random).inserted else { return true }
        if order.count < capacity {
            order.append(random)
        } else {
            seen.remove(order[oldest])
            order[oldest] = random
            oldest = (oldest + 1) % capacity
            evicted += 1
        }
        return false
    }
}
