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
/// Four lists by `FlowEntry.Standing`, each in order of last use: at the cap the oldest of the first non-empty list goes. A
/// flood of SYNs therefore pushes out closed flows and other SYNs, never a call in progress. Order is to the second while
/// there is room, and to 8 ms from the first time that three quarters are taken: half a million flows that open within a second, each with a
/// packet both ways, are younger than a flow of media only until its next packet.
struct FlowTable: ~Copyable {
    private(set) var entries = Slab<FlowEntry>()
    private var index = KeyIndex()
    /// Flows in a VLAN or a tunnel by their key without it, the first of each.
    private var bare = KeyIndex(minimumCapacity: 16)
    private var lists: [LinkedEndpoints] = Array(repeating: LinkedEndpoints(), count: FlowEntry.Standing.allCases.count)
    let capacity: Int
    /// Order of use is kept to slices of 2^grain nanoseconds.
    private(set) var grain: Int64 = 30
    private(set) var evicted: UInt64 = 0
    private let hasher: FlowHash
    private let anchor = AddressOnly()

    private struct LinkedEndpoints {
        var newest = FlowEntry.none
        var oldest = FlowEntry.none
    }

    init(capacity: Int, seed: UInt64) {
        self.capacity = max(1, capacity)
        hasher = FlowHash(seed: seed)
    }

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

    var isFull: Bool { entries.count >= capacity }

    /// `hash`: that of the entry's key.
    mutating func insert(_ entry: consuming FlowEntry, hash: UInt32) -> UInt32 {
        let position = entries.insert(entry)
        if count >= capacity - capacity / 4 { grain = 23 }
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

    /// The flow to forget when room is needed.
    var victim: UInt32? {
        for list in lists where list.oldest != FlowEntry.none { return list.oldest }
        return nil
    }

    mutating func countEviction() { evicted += 1 }

    mutating func remove(_ position: UInt32) -> FlowEntry {
        unlink(position)
        forgetKey(position)
        return entries.remove(position)
    }

    /// A packet of the flow arrived, the first in its second of capture time: to the front of its list.
    mutating func touch(_ position: UInt32, at time: Timestamp) {
        unlink(position)
        link(position)
        entries[position].movedAt = FlowEntry.slice(of: time, grain: grain)
    }

    mutating func change(_ position: UInt32, to standing: FlowEntry.Standing) {
        if entries[position].standing == standing { return }
        unlink(position)
        entries[position].standing = standing
        link(position)
    }

    /// The longest idle flow of a standing, for retiring.
    func oldest(_ standing: FlowEntry.Standing) -> UInt32? {
        let position = lists[Int(standing.rawValue)].oldest
        return position == FlowEntry.none ? nil : position
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
        let list = Int(entries[position].standing.rawValue)
        let front = lists[list].newest
        entries[position].newer = FlowEntry.none
        entries[position].older = front
        if front != FlowEntry.none { entries[front].newer = position } else { lists[list].oldest = position }
        lists[list].newest = position
    }

    private mutating func unlink(_ position: UInt32) {
        let list = Int(entries[position].standing.rawValue)
        let newer = entries[position].newer
        let older = entries[position].older
        if newer != FlowEntry.none { entries[newer].older = older } else { lists[list].newest = older }
        if older != FlowEntry.none { entries[older].newer = newer } else { lists[list].oldest = newer }
    }
}
