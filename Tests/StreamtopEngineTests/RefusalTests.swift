import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// What answers a SYN in the place of a SYN-ACK.
@Suite struct RefusalTests {
    private let client: Endpoint = "10.0.0.1:50000"
    private let server: Endpoint = "192.0.2.9:443"
    private let router: IPAddress = "10.0.0.254"

    private func syn(_ sequence: UInt32 = 1_000) -> [UInt8] {
        PacketBuilder.tcpFrame(from: client, to: server, sequence: sequence, flags: 2)
    }

    /// An ICMP error of the router about the client's segment `sequence`.
    private func error(type: UInt8 = 3, code: UInt8, sequence: UInt32 = 1_000) -> [UInt8] {
        let segment = bytes16(client.port) + bytes16(server.port) + bytes32(sequence)
        let quoted = PacketBuilder.ipv4(from: client.address, to: server.address, protocol: 6, segment)
        return PacketBuilder.ethernet(
            PacketBuilder.ipv4(
                from: router, to: client.address, protocol: 1, PacketBuilder.icmp(type: type, code: code, quoted)))
    }

    private func flow(_ frames: [[UInt8]]) throws -> FlowSnapshot {
        var driver = EngineDriver()
        for frame in frames { driver.send(frame, after: .milliseconds(3)) }
        return try #require(driver.finalFlows.first { $0.transport == .tcp })
    }

    @Test(
        arguments: [
            (0, Unreachable.Reason.network), (1, .host), (2, .transport), (3, .port), (9, .prohibited),
            (13, .prohibited),
        ] as [(UInt8, Unreachable.Reason)])
    func anErrorAnswersTheSYN(code: UInt8, reason: Unreachable.Reason) throws {
        let flow = try flow([syn(), syn(), error(code: code)])
        #expect(flow.unreachable?.reason == reason && flow.unreachable?.by == router)
        #expect(flow.verdicts.map(\.rule) == ["connections_refused"])
        #expect(flow.verdicts.first?.subject == .path)
    }

    @Test func errorsThatRefuseNothing() throws {
        // Time exceeded, source quench, another SYN's, fragmentation needed.
        for other in [error(type: 11, code: 0), error(type: 4, code: 0), error(code: 1, sequence: 7), error(code: 4)] {
            let flow = try flow([syn(), syn(), other])
            #expect(flow.unreachable == nil)
            #expect(!flow.verdicts.contains { $0.rule == "connections_refused" })
        }
    }

    @Test func aConnectionThatCameAboutIsNotRefused() throws {
        let answer = PacketBuilder.tcpFrame(from: server, to: client, sequence: 9, acknowledgment: 1_001, flags: 0x12)
        let late = try flow([syn(), answer, error(code: 1)])
        #expect(late.unreachable == nil)
        let after = try flow([syn(), error(code: 1), answer])
        #expect(!after.verdicts.contains { $0.rule == "connections_refused" })
    }

    private func reset(_ acknowledgment: UInt32, flags: UInt16 = 0x14) -> [UInt8] {
        PacketBuilder.tcpFrame(from: server, to: client, sequence: 0, acknowledgment: acknowledgment, flags: flags)
    }

    @Test func aResetThatAcknowledgesTheSYNRefuses() throws {
        let flow = try flow([syn(), reset(1_001)])
        #expect(flow.state == .reset && flow.verdicts.map(\.rule) == ["connections_refused"])
    }

    @Test("A reset of something older does not end a connection that opens (RFC 9293 section 3.10.7.3)")
    func aForeignResetRefusesNothing() throws {
        for foreign in [reset(77), reset(1_000), reset(5_000), reset(0, flags: 4)] {
            let flow = try flow([syn(), foreign])
            #expect(flow.state == .halfOpen)
            #expect(!flow.verdicts.contains { $0.rule == "connections_refused" })
        }
        // And the answer may still come.
        let answer = PacketBuilder.tcpFrame(from: server, to: client, sequence: 9, acknowledgment: 1_001, flags: 0x12)
        let ack = PacketBuilder.tcpFrame(from: client, to: server, sequence: 1_001, acknowledgment: 10, flags: 0x10)
        #expect(try flow([syn(), reset(77), answer, ack]).state == .open)
    }
}
