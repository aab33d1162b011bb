import StreamtopBase
import StreamtopModel

/// Flows with one thing in common: their server, their client or the port that was called.
struct FlowGroup: Sendable {
    enum Key: CaseIterable, Sendable {
        case server, client, port, process, container

        /// The next by which the flows of a picture can be told apart.
        func next(_ snapshot: Snapshot) -> Key {
            let all = Key.allCases.filter { key in
                switch key {
                case .server, .client, .port: true
                case .process: snapshot.flows.contains { $0.owner?.name != nil }
                case .container: snapshot.flows.contains { $0.owner?.container != nil }
                }
            }
            let position = all.firstIndex(of: self) ?? -1
            return all[(position + 1) % all.count]
        }

        func name(of flow: FlowSnapshot) -> String {
            switch self {
            case .server: flow.displayedServer.name ?? flow.server.endpoint.address.description
            case .client: flow.client.name ?? flow.client.endpoint.address.description
            case .port:
                flow.server.endpoint.port == 0
                    ? flow.transport.rawValue : "\(flow.transport.rawValue) \(flow.server.endpoint.port)"
            case .process: flow.owner?.name ?? Words.ownerUnknown
            case .container: flow.owner?.container ?? Words.noContainer
            }
        }

        /// The filter that leaves the group; nil where none can.
        func filter(_ name: String) -> String? {
            guard !name.contains("\"") else { return nil }
            return switch self {
            case .server: "server=\"\(name)\""
            case .client: "client=\"\(name)\""
            case .process: name == Words.ownerUnknown ? nil : "process=\"\(name)\""
            case .container: name == Words.noContainer ? nil : "container=\"\(name)\""
            case .port: name.split(separator: " ").last.flatMap { UInt16($0) }.map { "port:\($0)" }
            }
        }
    }

    var name: String
    var flows = 0
    var open = 0
    var act = 0
    var watch = 0
    var up = 0.0
    var down = 0.0
    var bytes: UInt64 = 0
    var worstQueue: Nanoseconds?
    /// Of the flows that tell, by their segments.
    var loss: Double?
    var worst: Verdict?
    /// The flow of `worst`, else the first.
    var flow: FlowIdentifier

    /// By problems, then by traffic.
    static func all(_ snapshot: Snapshot, _ filter: Filter, by key: Key) -> [FlowGroup] {
        var positions: [String: Int] = [:]
        var groups: [FlowGroup] = []
        for flow in snapshot.flows where filter == .all || filter.matches(flow) {
            let name = key.name(of: flow)
            let position = positions[name] ?? groups.count
            if position == groups.count {
                positions[name] = position
                groups.append(FlowGroup(name: name, flow: flow.identifier))
            }
            groups[position].add(flow)
        }
        return groups.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.act != b.act { return a.act > b.act }
            if a.watch != b.watch { return a.watch > b.watch }
            if a.bytes != b.bytes { return a.bytes > b.bytes }
            return left.offset < right.offset
        }.map(\.element)
    }

    private mutating func add(_ flow: FlowSnapshot) {
        flows += 1
        if flow.state == .open || flow.state == .halfOpen { open += 1 }
        up += flow.client.rate
        down += flow.server.rate
        bytes &+= flow.client.bytes &+ flow.server.bytes
        worstQueue = [worstQueue, flow.worstQueue].compactMap { $0 }.max()
        loss = [loss, flow.displayedLossRatio].compactMap { $0 }.max()
        guard let verdict = flow.worstVerdict else { return }
        if verdict.severity == .critical { act += 1 } else if verdict.severity == .warning { watch += 1 }
        if worst.map({ verdict.isDisplayedBefore($0) }) ?? true {
            worst = verdict
            self.flow = flow.identifier
        }
    }
}
