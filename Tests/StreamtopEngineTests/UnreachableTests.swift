import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// Connections that are refused: by ICMP messages that quote their packets, and by resets that answer them.
@Suite struct UnreachableTests {
    private let client: Endpoint = "10.0.0.1:50000"
    private let server: Endpoint = "10.9.0.1:443"
    private let router: Endpoint = "10.5.0.1:0"

    /// An ICMP error about `quoted`, a whole Ethernet frame with an IPv4 packet in it.
    private func error(type: UInt8, code: UInt8, from: Endpoint, about quoted: [UInt8]) -> [UInt8] {
        let packet = Array(quoted.dropFirst(14).prefix(48))
        return PacketBuilder.ethernet(
            PacketBuilder.ip(
                from: from.address, to: client.address, protocol: 1,
                PacketBuilder.icmp(type: type, code: code, packet)))
    }

    private func verdicts(_ driver: inout EngineDriver) -> [String] {
        driver.finalFlows.filter { $0.transport != .icmp }.flatMap(\.verdicts).map(\.rule)
    }

    @Test func aServerWithoutAListener() throws {
        var driver = EngineDriver()
        let datagram = PacketBuilder.udpFrame(from: client, to: server, payload: [1, 2, 3, 4, 5, 6, 7, 8])
        driver.send(datagram)
        driver.send(error(type: 3, code: 3, from: server, about: datagram))
        let flow = try #require(driver.finalFlows.first { $0.transport == .udp })
        let message = try #require(flow.unreachable)
        #expect(message.reason == .port)
        #expect(message.from == server.address)
        #expect(message.of == .fromClient)
        let verdict = try #require(flow.verdicts.first { $0.rule == "connections_refused" })
        #expect(verdict.subject == .server)
    }

    @Test func aRouterThatForbids() throws {
        var driver = EngineDriver()
        let syn = PacketBuilder.tcpFrame(from: client, to: server, sequence: 100, flags: 0x02)
        for _ in 0..<3 {
            driver.send(syn, after: .seconds(1))
            driver.send(error(type: 3, code: 13, from: router, about: syn))
        }
        let flow = try #require(driver.finalFlows.first { $0.transport == .tcp })
        #expect(flow.unreachable?.count == 3)
        let verdict = try #require(flow.verdicts.first)
        #expect(verdict.rule == "connections_refused")
        #expect(verdict.subject == .path)
        #expect(!flow.verdicts.contains { $0.rule == "syn_loss" })
    }

    /// An end that closed its socket tells the other by ICMP: the conversation was no failure.
    @Test func anAnsweredFlowIsNotRefused() {
        var driver = EngineDriver()
        let answer = PacketBuilder.udpFrame(from: server, to: client, payload: [9, 9, 9, 9, 9, 9, 9, 9])
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1, 2, 3, 4, 5, 6, 7, 8]))
        driver.send(answer)
        driver.send(error(type: 3, code: 3, from: client, about: answer))
        #expect(!verdicts(&driver).contains("connections_refused"))
    }

    @Test func expiryInTransitIsNoRefusal() {
        var driver = EngineDriver()
        let syn = PacketBuilder.tcpFrame(from: client, to: server, sequence: 100, flags: 0x02)
        driver.send(syn)
        driver.send(error(type: 11, code: 0, from: router, about: syn))
        #expect(!verdicts(&driver).contains("connections_refused"))
    }

    private func attempt(resetAcknowledges number: UInt32?) -> FlowSnapshot {
        var driver = EngineDriver()
        for _ in 0..<2 {
            driver.send(
                PacketBuilder.tcpFrame(from: client, to: server, sequence: 100, flags: 0x02), after: .seconds(1))
            driver.send(
                PacketBuilder.tcpFrame(
                    from: server, to: client, sequence: 0, acknowledgment: number ?? 0,
                    flags: number == nil ? 0x04 : 0x14))
        }
        return driver.finalFlows[0]
    }

    @Test func aResetThatAnswersTheSynRefuses() {
        let flow = attempt(resetAcknowledges: 101)
        #expect(flow.state == .reset)
        #expect(flow.verdicts.contains { $0.rule == "connections_refused" })
    }

    @Test(arguments: [100, 99, 4_000_000_000, 102, nil] as [UInt32?])
    func aResetOfAnotherConnectionDoesNot(number: UInt32?) {
        let flow = attempt(resetAcknowledges: number)
        #expect(flow.state == .halfOpen)
        #expect(flow.anomalies[.resetIgnored] == 2)
        #expect(!flow.verdicts.contains { $0.rule == "connections_refused" })
    }
}
