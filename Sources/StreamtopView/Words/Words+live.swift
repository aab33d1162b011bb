import StreamtopBase
import StreamtopModel

/// The front page, and congestion controls side by side.
extension Words {
    static let nothingLive = [
        "No stream, call or other traffic to follow yet.",
        "Players, calls, ingests and busy flows show up here by themselves.",
    ]
    static let nothingLivePasses = "Nothing that passes the filter."
    static let ladderTitle = "where it waits"
    /// Media that an encoder delivers, that is fetched, and of which neither is known.
    static let ingest = "ingest"
    static let play = "play"
    static let feed = "stream"
    static let jitterBuffer = "jitterbuf"
    /// Of a flow that is over nothing waits any more.
    static func waits(_ flow: FlowSnapshot) -> String {
        flow.state == .open || flow.state == .halfOpen ? "▶ waits: " : "▶ waited: "
    }
    static let endedTitle = "ended in the last 5 min: "
    static let endedWord = "ended"
    static let endedShort = "ended: "
    static let noControls = [
        "No congestion control is known yet.", "It is named where a trace proves it; the rest stays unknown.",
    ]
    static let noControlPasses = "No flow with a congestion control passes the filter."

    /// What flows are grouped by, and the key that changes it.
    static func groupTitle(_ key: FlowGroup.Key) -> String { "by \(key) (a: next)" }

    static func others(_ count: Int) -> String { count == 1 ? "1 other" : "\(NumberText.grouped(count)) others" }

    /// Short names of buffers for a ladder in one line.
    static func rung(_ buffer: BufferSnapshot) -> String {
        switch buffer.layer {
        case .nic: "NIC"
        case .driver: "driver"
        case .acceptQueue: "accept"
        case .softnet: "softnet"
        case .qdisc: "qdisc"
        case .socketSend: "socket"
        case .path: "path"
        case .socketReceive: "\(buffer.location) reads"
        case .application: "app"
        case .player: "player"
        }
    }

    /// The same for a column: which end it is, the row's other columns say.
    static func waitsIn(_ buffer: BufferSnapshot) -> String {
        buffer.layer == .socketReceive ? "receiver" : rung(buffer)
    }

    static func lastPacket(_ age: Nanoseconds) -> String {
        "last packet \(NumberText.fixed(max(0, age).seconds, decimals: age < .seconds(10) ? 2 : 0)) s ago"
    }
}
