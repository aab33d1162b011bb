import StreamtopBase
import StreamtopModel

/// Words of the ladder: where a byte waits on its way, and what this host's kernel says.
extension Words {
    static let ladderTab = "Ladder"
    static let ladderPage = "Host"
    static let ladderOut = "Out: a byte written now, until it is read"
    static let ladderIn = "In: a byte that arrives, until it is read"
    static let ladderAdvice = "What to change"
    static let ladderNone = "Nothing is known of this flow's buffers"
    static let kernelGroup = "The kernel of this host"
    static let hostOut = "Out: devices"
    static let hostIn = "In: processors, cards, sockets"
    static let hostSockets = "Sockets that hold most bytes"
    static let hostCounters = "Counters that rose since the start"
    static let hostUnread = "Not readable"
    static let hostSettings = "Settings"
    static let hostNone = "The kernel of this host is not asked: a file is read, or --no-kernel was given"
    static let nothingNamed = "no buffer holds enough to be named"

    static func total(_ sum: LadderSnapshot.Sum) -> String {
        guard let total = sum.total else { return unknown }
        let bound =
            switch sum.bound {
            case .measured: ""
            case .atLeast: "≥ "
            case .atMost: "≤ "
            }
        return bound + DurationText.withUnit(total)
    }

    /// "most in: queue, eth0": what holds the delay.
    static func largest(_ sum: LadderSnapshot.Sum, _ rungs: [BufferSnapshot]) -> String {
        guard let layer = sum.largest, let rung = rungs.first(where: { $0.layer == layer }) else { return nothingNamed }
        return "most in: \(buffer(rung))"
    }

    static func unread(_ layers: [BufferSnapshot.Layer]) -> String {
        "left out: " + layers.map(layer).joined(separator: ", ")
    }

    static func layer(_ layer: BufferSnapshot.Layer) -> String {
        switch layer {
        case .nic: "NIC ring"
        case .driver: "device"
        case .softnet: "softnet backlog"
        case .qdisc: "queueing discipline"
        case .acceptQueue: "accept queue"
        case .socketSend: "send buffer"
        case .path: "path"
        case .socketReceive: "receive buffer"
        case .application: "application"
        case .player: "player"
        }
    }

    static func trend(_ trend: BufferTrend?) -> String {
        switch trend {
        case .growing?: " ▲"
        case .shrinking?: " ▼"
        case .steady?, nil: ""
        }
    }

    static func owner(_ process: ProcessSnapshot) -> String {
        guard let name = process.name else { return process.user.map { "user \($0)" } ?? unknown }
        let pid = process.pid.map { " (\($0))" } ?? ""
        let container = process.container.map { " in \($0)" } ?? ""
        return name + pid + container
    }
}
