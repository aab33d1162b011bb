import StreamtopBase

/// One of the fixed parts that the cap on flows is divided over, by the hash of their keys.
///
/// What is forgotten for want of room is chosen within a bucket, so that the choice is the same however buckets are dealt to engines.
/// Order of use is kept to the second while there is room, and to 8 ms from the first time that three quarters are taken: flows that
/// open by the hundred thousand within a second, each with a packet both ways, are younger than a flow of media only until its next packet.
struct FlowBucket {
    /// As many as a hash has values in its upper six bits.
    static let count = 64
    static let coarseGrain: UInt8 = 30
    static let fineGrain: UInt8 = 23

    /// The two ends of a list of flows.
    struct List {
        var newest = FlowEntry.none
        var oldest = FlowEntry.none
    }

    private var lists = InlineArray<4, List>(repeating: List())
    var count = 0
    /// Order of use is kept to slices of 2^grain nanoseconds.
    var grain = Self.coarseGrain

    static func index(ofHash hash: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: hash >> 26) }

    /// What a bucket has of a cap.
    static func share(of capacity: Int) -> Int { max(1, (max(0, capacity) + count - 1) / count) }

    subscript(standing: FlowEntry.Standing) -> List {
        get { lists[Int(standing.rawValue)] }
        set { lists[Int(standing.rawValue)] = newValue }
    }

    /// The flow that has rested longest among those of which least is known.
    var leastProven: UInt32? {
        for standing in FlowEntry.Standing.allCases where self[standing].oldest != FlowEntry.none {
            return self[standing].oldest
        }
        return nil
    }
}
