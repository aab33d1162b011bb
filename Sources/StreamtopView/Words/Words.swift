import StreamtopBase
import StreamtopModel

/// The words of the screens; names of protocols and of the JSON stand where they are used, sentences of verdicts with
/// their rules. This file has what many screens share, the others in this
/// folder one subject each.
enum Words {
    /// "Not known."
    static let unknown = "–"
    static let tooLarge = ">9e15"
    static let program = "streamtop"
    static let arrow = "→"
    static let of = "of"
    static let yes = "yes"
    static let no = "no"
    static let now = "now"
    static let client = "client"
    static let server = "server"
    static let samples = "samples"
    static let packets = "packets"

    static func tooSmall(_ width: Int, _ height: Int) -> String { "needs \(width)x\(height)" }

    /// The ends of a flow in a sentence: the port that was called matters, the caller's does not.
    static func ends(_ flow: FlowSnapshot) -> String {
        let client = flow.client.name ?? flow.client.endpoint.address.description
        return "\(client) \(arrow) \(EndpointText.full(flow.displayedServer))"
    }

    static func flowNumber(_ flow: FlowIdentifier) -> String { "f\(flow.number)" }
    static func flowGone(_ flow: FlowIdentifier) -> String {
        "Flow \(flowNumber(flow)) has left the table. Esc goes back."
    }

    static func subject(_ subject: Verdict.Subject) -> String {
        switch subject {
        case .client: "client"
        case .server: "server"
        case .path: "path"
        case .host: "this host"
        }
    }

    static func ago(_ time: Nanoseconds) -> String {
        time < .seconds(1) ? "-0.\(max(0, time) / 100_000_000)s" : "-" + DurationText.age(time)
    }

    /// A line that lies above the chart.
    static let aboveTheChart = "above the chart"

    /// A label of a time axis: `-15s`, `-0.5s`, `-2:00`.
    static func axisAgo(_ time: Nanoseconds) -> String {
        let seconds = time.seconds
        guard seconds < 60 else { return "-" + DurationText.age(time) }
        return "-" + NumberText.fixed(seconds, decimals: seconds == seconds.rounded() ? 0 : 1) + "s"
    }

    /// How far to trust an estimate.
    static func confidence(_ value: Double) -> String { PercentText.whole(value) + " sure" }

    static func source(_ source: RoundTripSource) -> String {
        switch source {
        case .tcpTimestamps: "timestamps"
        case .tcpAck: "acks"
        case .tcpHandshake: "handshake"
        case .quicAck: "quic acks"
        case .quicSpin: "spin bit"
        case .quicHandshake: "quic handshake"
        case .rtcp: "rtcp"
        case .stun: "stun"
        case .sctp: "sctp"
        case .srt: "srt acks"
        case .websocketPing, .http2Ping: "ping"
        case .httpExchange: "exchange"
        case .kernel: "kernel"
        }
    }

    // MARK: Clipboard

    static func copied(_ row: VerdictRow) -> String {
        let position = row.flow.map { ends($0) } ?? subject(row.verdict.subject)
        let evidence = row.verdict.evidence.map { self.evidence($0) }.joined(separator: ", ")
        return
            "\(position): \(rule(row.verdict)): \(row.verdict.summary)\n\(evidence)\n\(adviceLabel)\(row.verdict.advice)"
    }

    static func copied(_ flow: FlowSnapshot) -> String {
        let head =
            "\(EndpointText.full(flow.client)) \(arrow) \(EndpointText.full(flow.displayedServer)) \(flow.communityID?.text ?? "")"
        let verdicts = flow.verdicts.map { "\(rule($0)): \($0.summary)\n\(adviceLabel)\($0.advice)" }
        return ([head] + verdicts).joined(separator: "\n")
    }
}
