import StreamtopBase
import StreamtopModel

/// Words of the ladder: where a byte waits on its way, and what this host's kernel says.
extension Words {
    static let ladderTab = "Ladder"
    static let ladderPage = "Host"
    static let out = "OUT"
    static let inward = "IN"
    static let ladderOut = "a byte sent now, until it is read"
    static let ladderIn = "a byte that arrives now, until it is read"
    static let ladderAdvice = "What to change"
    static let ladderNone = "Nothing is known of this flow's buffers"
    static let kernelGroup = "The kernel of this host"
    static let kernelLabel = "kernel"
    /// How far ours is from the kernel's.
    static func off(_ share: Double) -> String { "off " + PercentText.ratio(share) }
    static let kernelTraffic = "of its traffic"
    static let comparisonGroup = "Packets against the kernel: median error"
    /// While the application gives less than the path could carry.
    static let whileLimited = ", app-limited"

    /// "one of 2 subflows, with f4"; what is not known is left out.
    static func subflow(_ state: MultipathState, _ others: [FlowIdentifier]) -> String {
        let count =
            state.connection?.subflows.map { $0 == 1 ? "the only subflow" : "one of \($0) subflows" } ?? "a subflow"
        let names = others.prefix(4).map { "f\($0.number)" }.joined(separator: ", ")
        return count + (names.isEmpty ? "" : ", with " + names) + (state.isBackup ? ", a backup" : "")
    }
    static let hostOut = "what waits in devices"
    static let hostIn = "what waits in cards, processors and sockets"
    static let mostIn = "most in "
    static let copies = "copies "
    static let noCommand = "no command is advised here; c copies the advice"
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

    /// Name of a rung, short enough for the column: "qdisc eth0", "socket send".
    static func ladderName(_ rung: BufferSnapshot) -> String {
        switch rung.layer {
        case .socketSend: "socket send"
        case .socketReceive: rung.direction == .out ? "peer receive" : "socket receive"
        case .path: "path"
        case .application: "application"
        case .softnet: "softnet"
        default: rung.name.map { layer(rung.layer) + " " + $0 } ?? layer(rung.layer)
        }
    }

    static func ladderName(_ position: HostLayer) -> String {
        let kind = position.kind.map { " " + $0 } ?? ""
        return switch position.layer {
        case .softnet: "softnet " + position.name
        case .socketReceive: "socket " + position.name
        default: layer(position.layer) + " " + position.name + kind
        }
    }

    /// "130k of 400k", "12 of 1,000 packets"; nil where nothing is known.
    static func holding(_ occupied: Int?, of capacity: Int?, unit: HostLayer.Unit = .bytes) -> String? {
        let amount: (Int) -> String = unit == .bytes ? { ByteText.short($0) } : { NumberText.grouped($0) }
        let word = unit == .bytes ? "" : " " + unit.rawValue
        switch (occupied, capacity) {
        case (let occupied?, let capacity?): return amount(occupied) + " \(of) " + amount(capacity) + word
        case (let occupied?, nil): return amount(occupied) + word
        case (nil, let capacity?): return "\(unknown) \(of) " + amount(capacity) + word
        case (nil, nil): return nil
        }
    }

    static func ladderSource(_ source: String) -> String {
        switch source {
        case "rtt": "packets"
        case "receive_window": "window"
        default: spaced(source)
        }
    }

    /// The kernel's round trip holds the queue of this host, that of packets does not: a second reading of it.
    static func localQueueTwice(_ flow: FlowSnapshot) -> [TextSpan]? {
        guard let kernel = flow.kernel, let whole = kernel.socket.smoothedRoundTrip,
            let packets = flow.roundTrip[kernel.side.reversed]?.smoothed
        else { return nil }
        return [
            TextSpan("This host's queue again: kernel ", .label), TextSpan(DurationText.milliseconds(whole), .value),
            TextSpan(" − packets ", .label), TextSpan(DurationText.milliseconds(packets), .value),
            TextSpan(" = ", .label), TextSpan(DurationText.withUnit(max(0, whole - packets)), .value),
            TextSpan(" of round trip", .label),
        ]
    }

    static func unread(_ layers: [BufferSnapshot.Layer]) -> String {
        "left out: " + layers.map(layer).joined(separator: ", ")
    }

    static func layer(_ layer: BufferSnapshot.Layer) -> String {
        switch layer {
        case .nic: "NIC ring"
        case .driver: "device"
        case .softnet: "softnet backlog"
        case .qdisc: "qdisc"
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

    static let ownerUnknown = "owner not known"
    static let noContainer = "in no container"
    static let noSockets = [
        "No socket of this host holds bytes now.",
        "What an application does not read, or the network does not take, shows up here.",
    ]

    /// "tcp to 10.0.3.7:51544", "udp 5004".
    static func socket(_ socket: SocketHolding) -> String {
        socket.remote.port == 0
            ? "\(socket.transport.rawValue) \(socket.local.port)"
            : "\(socket.transport.rawValue) to \(EndpointText.text(socket.remote))"
    }

    static func holdings(_ holder: SocketHolder) -> [TextSpan] {
        var parts: [String] = []
        if holder.unread > 0 { parts.append("\(ByteText.short(holder.unread)) it has not read") }
        if holder.unsent > 0 { parts.append("\(ByteText.short(holder.unsent)) written and not acknowledged") }
        if holder.drops > 0 { parts.append("\(NumberText.grouped(holder.drops)) packets dropped") }
        return [TextSpan("  " + parts.joined(separator: ", "), .text)]
    }

    static func socketTotals(_ totals: SocketTotals) -> [TextSpan] {
        var spans = [TextSpan("all sockets  ", .label)]
        for (count, name) in [(totals.tcp, "TCP"), (totals.udp, "UDP"), (totals.listening, "listening")] {
            guard let count else { continue }
            spans += [TextSpan(NumberText.grouped(count), .value), TextSpan(" \(name)  ", .label)]
        }
        if let memory = totals.tcpMemory {
            spans += [TextSpan("TCP memory ", .label), TextSpan(ByteText.short(memory), .value)]
            if let pressure = totals.tcpMemoryPressure {
                spans.append(TextSpan(" (pressed from \(ByteText.short(pressure)))", .muted))
            }
        }
        return spans
    }

    static func owner(_ process: ProcessSnapshot) -> String {
        guard let name = process.name else { return process.user.map { "user \($0)" } ?? unknown }
        let pid = process.pid.map { " (\($0))" } ?? ""
        let container = process.container.map { " in \($0)" } ?? ""
        return name + pid + container
    }
}
