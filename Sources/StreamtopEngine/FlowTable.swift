import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What a packet says of its flow.
struct SoughtFlow {
    var key = FlowKey(source: .unspecified, destination: .unspecified, transport: 0)
    /// That of the key (`FlowHash.mixed`).
    var mixed: UInt64 = 0
    /// The packet's source is the key's low endpoint.
    var isSourceLow = true
    /// Where the flow was a little earlier; a guess that is checked.
    var likely = FlowEntry.none

    @inline(__always)
    var hash: UInt32 { UInt32(truncatingIfNeeded: mixed >> 32) }
}

/// All flows of one engine: found by key, capped, and forgotten in a fair order.
///
/// The cap is divided over the buckets of `FlowBucket`, each with four lists by `FlowEntry.Standing` in order of last use: in a full
/// bucket the oldest of the first list that is not empty goes. A flood of SYNs therefore pushes out closed flows and other SYNs, never a
/// call in progress.
struct FlowTable: ~Copyable {
    private(set) var entries = Slab<FlowEntry>()
    private var index = KeyIndex()
    /// Flows in a VLAN or a tunnel by their key without it, the first of each.
    private var bare = KeyIndex(minimumCapacity: 16)
    private var buckets: [FlowBucket]
    private let bucketCapacity: Int
    private(set) var evicted: UInt64 = 0
    private let hasher: FlowHash
    private let anchor = AddressOnly()

    /// - Parameter capacity: flows, rounded up to a multiple of the buckets.
    init(capacity: Int, seed: UInt64) {
        bucketCapacity = FlowBucket.share(of: capacity)
        buckets = Array(repeating: FlowBucket(), count: FlowBucket.count)
        hasher = FlowHash(seed: seed)
    }

    var capacity: Int { bucketCapacity * FlowBucket.count }

    var count: Int { entries.count }

    mutating func abandon() { entries.abandon() }

    subscript(position: UInt32) -> FlowEntry {
        unsafeAddress { unsafe UnsafePointer(entries.address(of: position)) }
        unsafeMutableAddress { unsafe entries.address(of: position) }
    }

    @inline(__always)
    func hash(_ key: FlowKey) -> UInt32 { hasher(key) }

    /// A number of the conversation that a frame belongs to, the same for both directions and whatever it travels in.
    @inline(__always)
    func conversation(_ sought: SoughtFlow) -> UInt64 {
        sought.key.isBare ? sought.mixed : bareConversation(sought.key)
    }

    @inline(never)
    private func bareConversation(_ key: FlowKey) -> UInt64 { hasher.mixed(key.withoutEncapsulation) }

    /// The flow to look for that a frame belongs to.
    @inline(__always)
    func sought(_ frame: borrowing DecodedFrame) -> SoughtFlow {
        let (source, destination) = (frame.sourceEndpoint, frame.destinationEndpoint)
        let isSourceLow = FlowKey.isOrdered(source, destination)
        let key = FlowKey(
            source, destination, isOrdered: isSourceLow, transport: frame.protocolNumber, vlan: frame.vlan,
            tunnel: frame.tunnelKey)
        return SoughtFlow(key: key, mixed: hasher.mixed(key), isSourceLow: isSourceLow)
    }

    func find(_ key: FlowKey, hash: UInt32) -> UInt32? {
        index.find(hash) { entries[$0].answers(to: key) }
    }

    /// The same, for a key whose flow was likely to be at a position a little earlier.
    @inline(__always)
    func find(_ sought: SoughtFlow) -> UInt32? {
        isWhereLikely(sought) ? sought.likely : find(sought.key, hash: sought.hash)
    }

    /// The flow is where it was a little earlier, and has this key itself.
    @inline(__always)
    func isWhereLikely(_ sought: SoughtFlow) -> Bool {
        entries.read(sought.likely) { $0.isFound && $0.key == sought.key } == true
    }

    /// A flow with `hash` will be looked up soon. First its place in the index…
    func prefetchIndex(_ hash: UInt32) { index.prefetch(hash) }

    /// …then, some time later, the entry that is found there; returns its position.
    @inline(__always)
    func prefetchEntry(_ hash: UInt32) -> UInt32? {
        guard let position = index.candidate(hash) else { return nil }
        entries.prefetch(position)
        return position
    }

    func contains(_ position: UInt32) -> Bool { entries.contains(position) }

    /// What `body` makes of the flow at `position`; nil where there is none.
    @inline(__always)
    func read<Value>(_ position: UInt32, _ body: (borrowing FlowEntry) -> Value) -> Value? {
        entries.read(position, body)
    }

    /// Positions of all flows, in no particular order.
    var positions: [UInt32] { entries.indices }

    /// The bucket of a flow with `key`, whatever it travels in.
    func bucket(of key: FlowKey, hash: UInt32) -> UInt8 {
        FlowBucket.index(ofHash: key.isBare ? hash : self.hash(key.withoutEncapsulation))
    }

    func isFull(_ bucket: UInt8) -> Bool { buckets[Int(bucket)].count >= bucketCapacity }

    /// `hash`: that of the entry's key.
    mutating func insert(_ entry: consuming FlowEntry, hash: UInt32) -> UInt32 {
        let bucket = Int(entry.bucket)
        let position = entries.insert(entry)
        buckets[bucket].count += 1
        if buckets[bucket].count >= bucketCapacity - bucketCapacity / 4 { refine(bucket) }
        entries[position].grain = buckets[bucket].grain
        index.insert(hash, index: position)
        link(position)
        let key = entries[position].key
        let bareKey = key.withoutEncapsulation
        if bareKey != key, !entries[position].isRelayed {
            let bareHash = self.hash(bareKey)
            // One is enough, and many of one hash would make every look long.
            if findBare(bareKey, hash: bareHash) == nil { bare.insert(bareHash, index: position) }
        }
        return position
    }

    private func findBare(_ key: FlowKey, hash: UInt32) -> UInt32? {
        bare.find(hash) { entries[$0].key.withoutEncapsulation == key }
    }

    /// A flow that has only been seen in one direction, and of which a frame from `source` in `key` is the other: some
    /// switches, routers and taps tag or tunnel one direction alone. Only asked when no flow has the key itself.
    func findReverse(_ key: FlowKey, from source: Endpoint) -> UInt32? {
        let bareKey = key.withoutEncapsulation
        if bareKey == key, bare.count == 0 { return nil }
        let bareHash = hash(bareKey)
        let found = (bareKey == key ? nil : find(bareKey, hash: bareHash)) ?? findBare(bareKey, hash: bareHash)
        guard let found, entries[found].other == nil, key.low != key.high else { return nil }
        let (here, there) =
            entries[found].direction(from: source) == .fromClient
            ? (entries[found].client.packets, entries[found].server.packets)
            : (entries[found].server.packets, entries[found].client.packets)
        return here == 0 && there > 0 ? found : nil
    }

    /// From now on `key` finds the flow, too.
    mutating func join(_ position: UInt32, key: FlowKey, hash: UInt32) {
        entries[position].other = FlowEntry.OtherEncapsulation(tunnel: key.tunnel, vlan: key.vlan)
        index.insert(hash, index: position)
    }

    /// The flow to forget when room is needed in a bucket.
    func victim(in bucket: UInt8) -> UInt32? { buckets[Int(bucket)].leastProven }

    /// The bucket fills: from now on order of use is kept finely in it.
    private mutating func refine(_ bucket: Int) {
        guard buckets[bucket].grain != FlowBucket.fineGrain else { return }
        buckets[bucket].grain = FlowBucket.fineGrain
        for standing in FlowEntry.Standing.allCases {
            var position = buckets[bucket][standing].oldest
            while position != FlowEntry.none {  // a list has an end
                entries[position].grain = FlowBucket.fineGrain
                position = entries[position].newer
            }
        }
    }

    mutating func countEviction() { evicted += 1 }

    mutating func remove(_ position: UInt32) -> FlowEntry {
        unlink(position)
        buckets[Int(entries[position].bucket)].count -= 1
        forgetKey(position)
        return entries.remove(position)
    }

    /// A packet of the flow arrived, the first in its second of capture time: to the front of its list.
    mutating func touch(_ position: UInt32, at time: Timestamp) {
        unlink(position)
        link(position)
        entries[position].movedAt = FlowEntry.slice(of: time, grain: entries[position].grain)
    }

    mutating func change(_ position: UInt32, to standing: FlowEntry.Standing) {
        if entries[position].standing == standing { return }
        unlink(position)
        entries[position].standing = standing
        link(position)
    }

    /// Flows of a standing that `isSilent`, in the order in which they were opened. Lists are in order of use: each is read up to the
    /// first that is not.
    func silent(_ standing: FlowEntry.Standing, _ isSilent: (borrowing FlowEntry) -> Bool) -> [UInt32] {
        var silent: [UInt32] = []
        for bucket in buckets {
            var position = bucket[standing].oldest
            while position != FlowEntry.none, isSilent(entries[position]) {  // a list has an end
                silent.append(position)
                position = entries[position].newer
            }
        }
        return silent.sorted { entries[$0].ordinal < entries[$1].ordinal }
    }

    /// A new connection takes over the key: the old flow stays in the table but is no longer found.
    mutating func forgetKey(_ position: UInt32) {
        entries[position].isFound = false
        let key = entries[position].key
        index.remove(hash(key), index: position)
        if let other = entries[position].otherKey { index.remove(hash(other), index: position) }
        if key.vlan != FlowKey.noVLAN || key.tunnel != 0, !entries[position].isRelayed {
            bare.remove(self.hash(key.withoutEncapsulation), index: position)
        }
    }

    private mutating func link(_ position: UInt32) {
        let (bucket, standing) = (Int(entries[position].bucket), entries[position].standing)
        let front = buckets[bucket][standing].newest
        entries[position].newer = FlowEntry.none
        entries[position].older = front
        if front != FlowEntry.none {
            entries[front].newer = position
        } else {
            buckets[bucket][standing].oldest = position
        }
        buckets[bucket][standing].newest = position
    }

    private mutating func unlink(_ position: UInt32) {
        let (bucket, standing) = (Int(entries[position].bucket), entries[position].standing)
        let newer = entries[position].newer
        let older = entries[position].older
        if newer != FlowEntry.none { entries[newer].older = older } else { buckets[bucket][standing].newest = older }
        if older != FlowEntry.none { entries[older].newer = newer } else { buckets[bucket][standing].oldest = newer }
    }
}
