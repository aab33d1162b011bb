import StreamtopBase
import StreamtopModel

/// What a filter can ask about.
enum FilterField: String, CaseIterable {
    case host, client, server, port, proto, state, verdict, severity, flow, vlan, tunnel
    case rtt, queue, queuep95, loss, retrans, rate, up, down, bytes, age, flight, cwnd, rwnd

    /// The field of a name, or of what the screen calls it.
    init?(named name: String) {
        switch name {
        case "q": self = .queue
        case "qp95": self = .queuep95
        case "rtx": self = .retrans
        case "unread": self = .rwnd
        default: self.init(rawValue: name)
        }
    }

    enum Kind {
        case text
        case number(FilterUnit)
    }

    var kind: Kind {
        switch self {
        case .host, .client, .server, .proto, .state, .verdict, .severity, .tunnel: .text
        case .port, .flow, .vlan, .retrans: .number(.count)
        case .rtt, .queue, .queuep95, .age: .number(.time)
        case .loss: .number(.ratio)
        case .rate, .up, .down: .number(.bits)
        case .bytes, .flight, .cwnd, .rwnd: .number(.bytes)
        }
    }

    /// The flow's number in the unit of the field; nil is "not known", and no comparison with it holds.
    func numbers(of flow: FlowSnapshot) -> [Double] {
        if self == .port { return [Double(flow.client.endpoint.port), Double(flow.server.endpoint.port)] }
        return MetricTable.number(self)?(flow).map { [$0] } ?? []
    }

    /// The flow's texts under the field; one of them has to match.
    func texts(of flow: FlowSnapshot) -> [String] {
        switch self {
        case .host: FilterField.client.texts(of: flow) + FilterField.server.texts(of: flow)
        case .client: [flow.client.endpoint.address.description] + (flow.client.name.map { [$0] } ?? [])
        case .server: [flow.server.endpoint.address.description] + (flow.displayedServer.name.map { [$0] } ?? [])
        case .proto: flow.protocols
        case .state: [flow.state.rawValue]
        case .verdict: flow.verdicts.map(\.rule)
        case .severity: flow.verdicts.map(\.severity.rawValue)
        case .tunnel: flow.tunnel.map { [$0.kind] } ?? []
        default: []
        }
    }
}

/// In which units a field's number may be written. The first is the one meant by a number without a unit.
enum FilterUnit {
    case count, time, ratio, bits, bytes

    /// Unit texts with their factors to seconds, ratios, bits a second or bytes.
    var factors: [(unit: String, factor: Double)] {
        switch self {
        case .count: [("", 1), ("k", 1e3), ("m", 1e6)]
        case .time: [("", 1e-3), ("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("s", 1), ("m", 60), ("h", 3_600)]
        case .ratio: [("", 0.01), ("%", 0.01)]
        case .bits: [("", 1), ("k", 1e3), ("m", 1e6), ("g", 1e9)]
        case .bytes: [("", 1), ("k", 1e3), ("m", 1e6), ("g", 1e9)]
        }
    }
}
