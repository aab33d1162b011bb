import StreamtopBase
import StreamtopModel

/// What the NAT of this host makes of flows; asked only about those whose socket no namespace shows.
///
/// By netlink, connection by connection, while this process may; from /proc/net/nf_conntrack, opened before its rights
/// went, all at once and rarely, afterwards (decision 0340).
struct TranslationTable {
    private struct Known {
        var translation: Translation?
        var next: Timestamp
    }

    private let lookup: NetlinkSocket?
    private let file: KernelFile?
    /// The kernel tracks connections, and does not let this process see them.
    private let isHidden: Bool
    private var isRefused = false
    private var known: [FlowKey: Known] = [:]
    private var wanted: Set<FlowKey> = []
    private var nextFile = Timestamp(nanoseconds: .min)
    private var isTooLong = false
    private var isLong = false

    private static let capacity = 4_096
    /// A connection that is not tracked now may be later; one that is keeps its ends.
    private static let again: Nanoseconds = .seconds(5)
    /// A line is some 200 bytes: 40,000 connections, read in a tenth of a second.
    private static let byteCapacity = 8 << 20
    private static let short = 1 << 18
    private static let long = 1 << 20

    /// In the calling thread's namespace.
    init() {
        let path = "/proc/thread-self/net/nf_conntrack"
        lookup = NetlinkSocket(.netfilter)
        file = KernelFile(path)
        isHidden = file == nil && KernelFile.exists(path)
    }

    enum Answer {
        /// The same connection with other ends.
        case rewritten(Translation.Counterpart)
        /// Its ends are those that the capture shows, as far as can be told.
        case plain
        /// Not known yet: to be asked again.
        case pending
    }

    /// What the NAT makes of the flow; notes that it is wanted where it cannot be asked now.
    mutating func answer(of flow: FlowKey, at time: Timestamp) -> Answer {
        if let entry = known[flow], entry.translation != nil || time < entry.next {
            return entry.translation?.counterpart(of: flow).map { .rewritten($0) } ?? .plain
        }
        if known.count >= Self.capacity { known.removeAll() }
        guard let lookup, !isRefused else { return want(flow) }
        var found: Translation?
        for (source, destination) in [(flow.low, flow.high), (flow.high, flow.low)] where found == nil {
            let body = ConntrackMessage.body(
                Translation.Ends(source: source, destination: destination), transport: flow.transport)
            do throws(NetlinkAnswer.Failure) {
                found = try lookup.ask(type: ConntrackMessage.get, isDump: false, body) { type, bytes in
                    type == ConntrackMessage.type ? ConntrackMessage.translation(bytes) : nil
                }.first
            } catch {
                // ENOENT: not tracked. Anything else: no rights, or no such subsystem.
                if error != .refused(2) {
                    isRefused = !error.isTransient
                    return want(flow)
                }
            }
        }
        known[flow] = Known(translation: found, next: time + Self.again)
        return found?.counterpart(of: flow).map { .rewritten($0) } ?? .plain
    }

    private mutating func want(_ flow: FlowKey) -> Answer {
        if wanted.count < Self.capacity { wanted.insert(flow) }
        // A long table is read too rarely to be waited for.
        return file == nil || isLong || known[flow] != nil ? .plain : .pending
    }

    /// Forgets what was known of a flow whose socket is no longer where it said.
    mutating func forget(_ flow: FlowKey, at time: Timestamp) {
        known[flow] = Known(translation: nil, next: time + Self.again)
    }

    /// Reads the whole table for all that is wanted, where it cannot be asked.
    mutating func readFile(at time: Timestamp) {
        guard !wanted.isEmpty, time >= nextFile else { return }
        // What cannot be read any more holds nothing: nobody waits for it.
        let bytes = file?.bytes(limit: Self.byteCapacity) ?? []
        isTooLong = bytes.count >= Self.byteCapacity
        isLong = bytes.count > Self.long
        let interval = isLong ? 6 * Self.again : Self.again
        nextFile = time + (bytes.count < Self.short ? 0 : interval)
        let found = ConntrackText.translations(bytes, of: wanted)
        for flow in wanted { known[flow] = Known(translation: found[flow], next: time + Self.again) }
        wanted.removeAll()
    }

    /// Why connections behind the NAT of this host are not joined; nil where they are, or there is none.
    var unread: UnreadLayer? {
        let name = "connections behind NAT"
        if isTooLong {
            return UnreadLayer(
                .socketSend, name: name,
                reason: "this host tracks more connections than are searched: theirs are not joined")
        }
        guard isHidden, lookup == nil || isRefused, !wanted.isEmpty else { return nil }
        return UnreadLayer(
            .socketSend, name: name, reason: "no permission to read what this host's NAT rewrites: needs root")
    }
}
