import StreamtopBase
import StreamtopCrypto

/// What all trackers of one engine share: the secrets, and the hellos with early data seen lately.
package struct SecurityTables: Sendable {
    /// nil when no secrets were given and none will come.
    package var secrets: SecretStore?
    /// More secrets may arrive: trackers hold encrypted records for them, within bounds.
    package var awaitsSecrets = false
    var earlyHellos = RecentHellos()

    package init(secrets: SecretStore? = nil, awaitsSecrets: Bool = false) {
        self.secrets = secrets
        self.awaitsSecrets = awaitsSecrets
    }

    /// Adds key log text; lines may be cut anywhere.
    package mutating func append(keyLog text: [UInt8]) {
        if secrets == nil { secrets = SecretStore() }
        secrets?.append(keyLogText: text)
    }

    /// The key log's text ended: a last line without a line feed counts.
    package mutating func endKeyLog() { secrets?.endOfText() }

    /// Entries in use and thrown away of the table of hellos, for health.
    package var recentHellos: (used: Int, capacity: Int, evicted: Int) {
        (earlyHellos.count, RecentHellos.capacity, earlyHellos.evicted)
    }
}

/// The randoms of hellos that carried early data, to notice one that comes again in another connection (RFC 8446 section 8).
struct RecentHellos: Sendable {
    /// A replay follows soon or not at all: servers refuse tickets older than seconds.
    static let capacity = 8192

    private var seen: Set<HelloRandom> = []
    private var order: [HelloRandom] = []
    private var oldest = 0
    private(set) var evicted = 0

    var count: Int { seen.count }

    /// Notes a hello; true when it was there already.
    mutating func note(_ random: HelloRandom) -> Bool {
        guard seen.insert(random).inserted else { return true }
        if order.count < Self.capacity {
            order.append(random)
        } else {
            seen.remove(order[oldest])
            order[oldest] = random
            oldest = (oldest + 1) % Self.capacity
            evicted += 1
        }
        return false
    }
}
