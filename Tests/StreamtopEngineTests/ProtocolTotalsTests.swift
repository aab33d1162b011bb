import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport
import Testing

/// Shares by protocol: each flow once, by the top of what it carries.
@Suite struct ProtocolTotalsTests {
    @Test func eachFlowCountsOnce() {
        var driver = EngineDriver()
        let client: Endpoint = "10.0.0.1:40000"
        let server: Endpoint = "10.0.0.2:443"
        let hello = HelloBuilder.record(
            22, HelloBuilder.message(1, [3, 3] + Array(repeating: 7, count: 32) + [0, 0, 2, 0x13, 0x01, 1, 0, 0, 0]))
        driver.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 99, flags: 0x02))
        driver.send(
            PacketBuilder.tcpFrame(from: server, to: client, sequence: 999, acknowledgment: 100, flags: 0x12))
        driver.send(
            PacketBuilder.tcpFrame(
                from: client, to: server, sequence: 100, acknowledgment: 1_000, flags: 0x18, payload: hello))
        driver.send(PacketBuilder.tcpFrame(from: "10.0.0.3:1", to: server, sequence: 1, flags: 0x02))
        driver.send(PacketBuilder.udpFrame(from: "10.0.0.3:9", to: "10.0.0.2:9", payload: [1, 2, 3]))
        let snapshot = driver.engine.snapshot()
        #expect(snapshot.protocolTotals.map(\.name) == ["tcp", "tls", "udp"])
        #expect(snapshot.protocolTotals.map(\.flows) == [1, 1, 1])
        #expect(snapshot.protocolTotals.map(\.packets) == [1, 3, 1])
        let bytes = snapshot.flows.reduce(0) { $0 + $1.client.bytes + $1.server.bytes }
        #expect(snapshot.protocolTotals.reduce(0) { $0 + $1.bytes } == bytes)
    }
}
