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

        /// Of one word or four, as short as it can be: it is asked for with each flow that is judged. The families follow from them,
        /// and equality looks at all.
        func hash(into hasher: inout Hasher) {
            if first.isIPv4, second.isIPv4 { return hasher.combine(first.low << 32 | second.low) }
            hasher.combine(first.high)
            hasher.combine(first.low)
            hasher.combine(second.high)
            hasher.combine(second.low)
        }
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

    /// What flows of all engines have met, in the order of flows.
    mutating func note(_ notes: [PathNote], at time: Timestamp) {
        for note in notes {
            self.note(note.bases, changed: note.changed, client: note.client, server: note.server, at: time)
        }
    }

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

    /// What the claimed flows have met of their paths.
    func pathNotes(_ claims: [JudgementClaim]) -> [PathNote] {
        var notes: [PathNote] = []
        notes.reserveCapacity(claims.count)
        for claim in claims where flows[claim.position].tcp != FlowEntry.none {
            let tracker = flows[claim.position].tcp
            let (client, server) = hosts(of: claim.position)
            notes.append(
                PathNote(
                    ordinal: claim.ordinal, bases: trackers.tcp[tracker].bases,
                    changed: trackers.tcp[tracker].pathChanged, client: client, server: server))
        }
        return notes
    }

    /// The claimed flows learn what others between the same hosts have met.
    mutating func share(_ bases: borrowing PathBases, with claims: [JudgementClaim]) {
        for claim in claims where flows[claim.position].tcp != FlowEntry.none {
            let (client, server) = hosts(of: claim.position)
            guard let known = bases.bases(client: client, server: server) else { continue }
            trackers.tcp[flows[claim.position].tcp].share(bases: known)
        }
    }
}

/// What one flow has met of the path between its hosts.
struct PathNote {
    var ordinal: UInt64
    var bases: BothDirections<Nanoseconds?>
    var changed: Timestamp?
    var client: IPAddress
    var server: IPAddress
}
