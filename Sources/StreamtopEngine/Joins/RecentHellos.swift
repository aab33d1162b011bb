import StreamtopBase

/// The randoms of hellos that carried early data, to notice one that comes again in another connection (RFC 8446 section 8).
struct RecentHellos: Sendable {
    private var seen: BoundedMap<HelloRandom, Bool>

    init(capacity: Int) { seen = BoundedMap(capacity: capacity) }

    var capacity: Int { seen.capacity }
    var count: Int { seen.count }
    var evicted: UInt64 { seen.evicted }

    /// Notes a hello; true when it was there already.
    mutating func note(_ random: HelloRandom) -> Bool { !seen.insert(true, for: random) }
}
