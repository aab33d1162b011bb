import StreamtopBase
import StreamtopModel

/// The screen of one flow.
extension Words {
    static let streams = "streams"
    static let largestDatagram = "datagrams to"

    static func quicLoss(_ lost: Int, of acked: Int, spurious: Int) -> String {
        let needless = spurious > 0 ? ", \(NumberText.grouped(spurious)) of them late" : ""
        return "\(NumberText.grouped(lost)) lost\(needless), \(NumberText.grouped(acked)) acknowledged"
    }

    static func flowControl(_ count: Int) -> String {
        count == 1 ? "flow control, said once" : "flow control, said \(NumberText.grouped(count)) times"
    }
    static let noSeries = "No values over time yet."
    static let spanLabel = "span "
    static let cursorLabel = "cursor "
    static let atCursor = "at cursor"
    static let roundTripTitle = "Round trip ms"
    static let bytesTitle = "Bytes under way"
    static let rateTitle = "Rate b/s"
    static let minimum = "min"
    static let queueLabel = "queue"
    static let flightLabel = "flight"
    static let windowLabel = "cwnd"
    static let receiveLabel = "window"
    static let goodput = "goodput"
    static let lossLabel = "loss"
    static let retransmissions = "retransmitted"
    static let zeroWindows = "zero window"
    static let roundTripGroup = "Round trip"
    static let roundTripLegend = "now, min / p50 / p95 / max, ±jitter"
    static let buffersGroup = "Where the delay waits"
    static let buffersShort = "delay waits:"
    static let verdictsGroup = "Verdicts"
    static let flowGroup = "Flow"
    static let anomaliesGroup = "Anomalies"
    static let toServer = "here ↔ server"
    static let toClient = "here ↔ client"
    static let wholeLoop = "whole loop"
    static let largest = "largest"
    static let evidenceLabel = "because"
    static let trust = "trust"
    static let sent = "sent"
    static let segments = "segments"
    static let disorder = "disorder"
    static let outOfOrder = "out of order"
    static let duplicateAcks = "duplicate acks"
    static let missed = "missed by the capture"
    static let control = "control"
    static let unknownControl = "not told apart"
    static let unread = "unread"
    static let limitedBy = "limited by"
    static let pacing = "paced"
    static let handshake = "handshake"
    static let synAgain = "sent again"
    static let windowScale = "scale"
    static let protocols = "protocols"
    static let started = "started"
    static let oriented = "ends by"
    static let tap = "captured"
    static let mean = "mean"
    static let communityID = "community id"
    static let fragments = "fragments"
    static let incomplete = "incomplete"
    static let tooBig = "packet too big"
    static let blackHole = "MTU black hole"
    static let suspected = "suspected"

    static func ruleNumber(_ number: Int) -> String { "rule \(number)" }
    static func datagrams(_ endpoint: String) -> String { "datagrams, \(endpoint)" }

    static func shareOfRoundTrip(_ share: Double) -> String { "(\(PercentText.whole(share)) of it)" }

    /// Towards which end of the capture point the larger queue is.
    static func queueLocation(_ delay: BothDirections<QueueDelaySnapshot?>) -> String {
        switch (delay.client?.last, delay.server?.last) {
        case (let client?, let server?): client > server ? "towards the client" : "towards the server"
        case (.some, nil): "towards the client"
        case (nil, .some): "towards the server"
        case (nil, nil): ""
        }
    }

    static func senderIs(_ direction: Direction) -> String {
        direction == .fromClient ? "client sends" : "server sends"
    }

    static func senderGroup(_ direction: Direction) -> String {
        direction == .fromClient ? "Client as sender" : "Server as sender"
    }

    static func phase(_ phase: CongestionPhase) -> String {
        switch phase {
        case .slowStart: "slow start"
        case .congestionAvoidance: "congestion avoidance"
        case .recovery: "recovery"
        case .applicationLimited: "application-limited"
        case .receiverLimited: "receiver-limited"
        }
    }

    static func causes(_ counts: RetransmissionCounts) -> String {
        let parts = [
            (counts.fast, "fast"), (counts.timeout, "timeout"), (counts.tailProbe, "probe"),
            (counts.spurious, "needless"), (counts.unclassified, "unclear"),
        ].filter { $0.0 > 0 }.map { "\($0.1) \($0.0)" }
        return parts.isEmpty ? "" : "(\(parts.joined(separator: ", ")))"
    }

    static func lossKinds(_ loss: LossCounts) -> String {
        let parts = [
            (loss.congestive, "congestive"), (loss.random, "random"), (loss.policed, "policed"),
            (loss.unknown, "unclear"),
        ].filter { $0.0 > 0 }.map { "\($0.1) \($0.0)" }
        let positions = [(loss.upstream, "before the tap"), (loss.downstream, "behind it")].filter { $0.0 > 0 }
            .map { "\($0.1) \($0.0)" }
        return (parts + positions).joined(separator: "  ")
    }

    static func zeroWindow(_ endpoint: TCPEndpointSnapshot) -> String {
        guard endpoint.zeroWindows > 0 else { return "" }
        return "  zero \(endpoint.zeroWindowEpisodes)×, \(DurationText.withUnit(endpoint.zeroWindowTime))"
    }

    static func limits(_ shares: LimitShares) -> String? {
        let sum = Double(shares.network) + Double(shares.receiver) + Double(shares.application)
        guard sum > 0 else { return nil }
        return "path \(PercentText.whole(Double(shares.network) / sum))  "
            + "receiver \(PercentText.whole(Double(shares.receiver) / sum))  "
            + "app \(PercentText.whole(Double(shares.application) / sum))"
    }

    static func options(_ endpoint: TCPEndpointSnapshot) -> String? {
        var parts: [String] = []
        if let mss = endpoint.mssBytes { parts.append("mss \(mss)") }
        if let scale = endpoint.windowScale { parts.append("scale \(scale)") }
        if endpoint.sackPermitted == true { parts.append("sack") }
        if endpoint.timestamps == true { parts.append("timestamps") }
        if endpoint.ecnNegotiated == true { parts.append("ecn") }
        if endpoint.fastOpen == true { parts.append("fast open") }
        if let initial = endpoint.initialWindowBytes { parts.append("first flight \(ByteText.short(initial))") }
        return parts.isEmpty ? nil : parts.joined(separator: "  ")
    }

    static func orientation(_ orientation: Orientation) -> String {
        switch orientation {
        case .syn: "SYN"
        case .quicInitial: "QUIC Initial"
        case .request: "request"
        case .firstPacket: "first packet seen"
        default: spaced(orientation.rawValue)
        }
    }

    static func tunnel(_ tunnel: TunnelSnapshot) -> String {
        tunnel.identifier.map { "in \(tunnel.kind) \($0)" } ?? "in \(tunnel.kind)"
    }

    static func buffer(_ buffer: BufferSnapshot) -> String {
        switch buffer.layer {
        case .nic: "NIC ring"
        case .softnet: "softnet backlog"
        case .driver: "device, handed over"
        case .acceptQueue: "accept queue"
        case .qdisc: "qdisc"
        case .socketSend: "\(buffer.location)'s send buffer"
        case .path: "path, \(buffer.location)'s side"
        case .socketReceive: "\(buffer.location)'s receive buffer"
        case .application: "\(buffer.location)'s application"
        case .player: "player"
        }
    }
}
