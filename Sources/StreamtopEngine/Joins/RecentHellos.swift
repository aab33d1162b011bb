import StreamtopBase

/// The randoms of hellos that carried early data, to notice one that comes again in another connection (RFC 8446 section 8).
struct RecentHellos: Sendable {
    let capacity: Int
    private var seen: Set<HelloRandom> = []
    private var order: [HelloRandom] = []
    private var oldest = 0
    private(set) var evicted: UInt64 = 0

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
