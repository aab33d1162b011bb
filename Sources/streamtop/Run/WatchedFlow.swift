import StreamtopBase
import StreamtopEngine
import StreamtopModel

/// A flow whose packets are to be written: how an engine finds it.
struct WatchedFlow: Equatable, Sendable {
    var flow: FlowIdentifier
    private var client: IPAddress
    private var server: IPAddress
    private var protocolNumber: UInt8
    /// First frame of the engine that numbered the flow: another engine that begins there gives it the same number.
    private(set) var engineStart: Timestamp?

    init(_ flow: FlowSnapshot, engineStart: Timestamp?) {
        self.flow = flow.identifier
        client = flow.client.endpoint.address
        server = flow.server.endpoint.address
        protocolNumber = flow.protocolNumber
        self.engineStart = engineStart
    }

    func watch(in engine: inout EngineGroup) {
        engine.watch(flow, client: client, server: server, protocolNumber: protocolNumber)
    }
}
