import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

/// Flows to be judged at a time though no packet of theirs may come: what hangs is silent, and that is the news.
///
/// Every flow is looked at once, a while after it began, and then again each second for as long as something of it is
/// open: data without an acknowledgment, a closed window, a handshake under way. At the cap the oldest is let go.
struct JudgementAgenda {
    struct Item {
        var position: UInt32
        var ordinal: UInt64
        var due: Timestamp
    }

    /// A handshake that hangs is named after three seconds (`ConnectionRules`); a closed window is looked at before.
    static let first: Nanoseconds = .seconds(3)
    static let again: Nanoseconds = .seconds(1)
    /// What has been silent for so long is not looked at again.
    static let patience: Nanoseconds = .seconds(120)
    private static let capacity = 8_192

    private var beginning: [Item] = []
    private var beginningHead = 0
    private var open: [Item] = []
    private(set) var forgotten: UInt64 = 0

    init() {}

    var isEmpty: Bool { beginningHead == beginning.count && open.isEmpty }

    /// A flow begins.
    mutating func add(_ position: UInt32, _ ordinal: UInt64, at time: Timestamp) {
        if beginning.count - beginningHead >= Self.capacity {
            beginningHead += 1
            forgotten &+= 1
        }
        beginning.append(Item(position: position, ordinal: ordinal, due: time + Self.first))
        if beginningHead >= Self.capacity {
            beginning.removeFirst(beginningHead)
            beginningHead = 0
        }
    }

    /// Something of the flow is open.
    mutating func keep(_ position: UInt32, _ ordinal: UInt64, at time: Timestamp) {
        guard open.count < Self.capacity else {
            forgotten &+= 1
            return
        }
        open.append(Item(position: position, ordinal: ordinal, due: time + Self.again))
    }

    /// Takes what is due.
    mutating func take(at time: Timestamp) -> [Item] {
        var due: [Item] = []
        while beginningHead < beginning.count, beginning[beginningHead].due <= time {
            due.append(beginning[beginningHead])
            beginningHead += 1
        }
        if beginningHead == beginning.count {
            beginning.removeAll(keepingCapacity: true)
            beginningHead = 0
        }
        var kept = 0
        for item in open {
            if item.due <= time {
                due.append(item)
            } else {
                open[kept] = item
                kept += 1
            }
        }
        open.removeSubrange(kept...)
        return due
    }
}

extension FlowEngine {
    /// Puts flows whose time has come on the list of those to be judged. Called about once a second.
    mutating func callUp() {
        for item in judgement.agenda.take(at: now) {
            guard flows.contains(item.position), flows[item.position].ordinal == item.ordinal,
                !flows[item.position].needsDiagnosis, now - flows[item.position].last < JudgementAgenda.patience,
                flows[item.position].client.packets &+ flows[item.position].server.packets
                    >= options.limits.packetsBeforeLastDiagnosis
            else { continue }
            flows[item.position].needsDiagnosis = true
            judgement.waiting.append(item.position)
        }
    }

    /// Whether the judged flow is to be looked at again before its next packet.
    mutating func keepOpen(_ position: UInt32, _ flow: FlowSnapshot) {
        guard flow.isUnsettled else { return }
        judgement.agenda.keep(position, flows[position].ordinal, at: now)
    }
}

extension FlowSnapshot {
    /// Something that only time will judge.
    fileprivate var isUnsettled: Bool {
        switch state {
        case .closed, .reset, .expired: return false
        case .halfOpen: return true
        case .open: break
        }
        if let security, security.handshake.kind == .incomplete { return true }
        guard let tcp = $tcp else { return false }
        return Direction.allCases.contains { end in
            tcp.value.read(end) { $0.outstandingBytes > 0 || $0.receiveWindow?.last == 0 }
        }
    }
}
