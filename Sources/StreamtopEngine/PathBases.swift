import StreamtopBase
import StreamtopModel
import StreamtopTransport

/// The shortest round trips that flows between two hosts have met: a flow that begins in a full queue cannot know the empty
/// path, another one between the same hosts can (decision 0181).
///
/// Asked once a second, for the flows that were active, in their order: what it says is the same for the same capture.
struct PathBases {
    /// Pairs of hosts that are remembered; beyond it the one not met for the longest time goes.
    static let capacity = 1024
    /// A base that no flow has confirmed for so long may be another path's by now.
    static let lifetime: Nanoseconds = .seconds(60)

    /// Two hosts, the smaller address first.
    private struct Pair: Hashable {
        var first: IPAddress
        var second: IPAddress
    }

    private struct Entry {
        /// From the capture point to the first host, and to the second.
        var bases: BothDirections<Nanoseconds?>
        /// When it was set, and when a flow last had the same.
        var set: Timestamp
        var confirmed: Timestamp
    }

    private var entries: [Pair: Entry] = [:]
    private(set) var forgotten: UInt64 = 0

    /// The flow between `client` and `server` says what it has met.
    mutating func note(
        _ bases: BothDirections<Nanoseconds?>, changed: Timestamp?, client: IPAddress, server: IPAddress,
        at time: Timestamp
    ) {
        guard bases.client != nil || bases.server != nil else { return }
        let isInOrder = client < server
        let pair = Pair(first: isInOrder ? client : server, second: isInOrder ? server : client)
        let ordered = isInOrder ? bases : BothDirections(client: bases.server, server: bases.client)
        // Looked up once: it is asked for every active flow.
        guard let index = entries.index(forKey: pair) else {
            if entries.count >= Self.capacity { forgetOldest() }
            entries[pair] = Entry(bases: ordered, set: time, confirmed: time)
            return
        }
        var entry = entries.values[index]
        if isOver(entry, changed: changed, at: time) {
            entry = Entry(bases: ordered, set: time, confirmed: time)
        } else {
            entry.bases.client = least(entry.bases.client, ordered.client)
            entry.bases.server = least(entry.bases.server, ordered.server)
            if entry.bases.client == ordered.client || entry.bases.server == ordered.server { entry.confirmed = time }
        }
        entries.values[index] = entry
    }

    /// What flows between `client` and `server` have met.
    func bases(client: IPAddress, server: IPAddress) -> BothDirections<Nanoseconds?>? {
        let isInOrder = client < server
        let pair = Pair(first: isInOrder ? client : server, second: isInOrder ? server : client)
        guard let bases = entries[pair]?.bases else { return nil }
        return isInOrder ? bases : BothDirections(client: bases.server, server: bases.client)
    }

    /// The path has changed since, or nobody has met it for long.
    private func isOver(_ entry: Entry, changed: Timestamp?, at time: Timestamp) -> Bool {
        if let changed, changed > entry.set { return true }
        return time - entry.confirmed > Self.lifetime
    }

    private func least(_ one: Nanoseconds?, _ other: Nanoseconds?) -> Nanoseconds? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    private mutating func forgetOldest() {
        // Ties are broken by address, so that the order of a hash table does not show.
        let oldest = entries.min { left, right in
            left.value.confirmed != right.value.confirmed
                ? left.value.confirmed < right.value.confirmed
                : (left.key.first, left.key.second) < (right.key.first, right.key.second)
        }
        if let oldest { entries[oldest.key] = nil }
        forgotten &+= 1
    }
}

extension FlowEngine {
    private func hosts(of position: UInt32) -> (client: IPAddress, server: IPAddress) {
        (flows[position].clientEndpoint.address, flows[position].serverEndpoint.address)
    }

    /// Active flows between the same hosts learn the shortest round trips from each other.
    mutating func sharePathBases() {
        for position in judgement.waiting where flows.contains(position) && flows[position].tcp != FlowEntry.none {
            let tracker = flows[position].tcp
            let (client, server) = hosts(of: position)
            judgement.pathBases.note(
                trackers.tcp[tracker].bases, changed: trackers.tcp[tracker].pathChanged, client: client, server: server,
                at: now)
        }
        for position in judgement.waiting where flows.contains(position) && flows[position].tcp != FlowEntry.none {
            let (client, server) = hosts(of: position)
            guard let bases = judgement.pathBases.bases(client: client, server: server) else { continue }
            trackers.tcp[flows[position].tcp].share(bases: bases)
        }
    }
}
