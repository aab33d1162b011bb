import StreamtopBase
import StreamtopModel
import StreamtopSecurity
import StreamtopTestSupport
import StreamtopTransport
import Testing

@testable import StreamtopEngine

/// Every bounded table shows how full it is, and what its cap threw away; names the capture gives reach the flows.
@Suite struct TableHealthTests {
    private let client: Endpoint = "10.0.0.1:5000"

    private func table(_ name: String, of engine: borrowing EngineGroup) -> TableHealth? {
        engine.health.tables.first { $0.name == name }
    }

    @Test func capsAreThoseOfTheLimits() {
        var options = EngineOptions()
        options.limits.flows = 100
        options.limits.quicConnectionIDs = 11
        options.limits.quicPaths = 12
        options.limits.fragments.datagrams = 13
        options.limits.hostNames = 14
        options.limits.earlyHellos = 15
        options.limits.security.secrets = 16
        let driver = EngineDriver(options: options)
        let capacities = driver.engine.health.tables.map(\.capacity)
        #expect(Set(capacities).isSuperset(of: [11, 12, 13, 14, 15, 16]))
        let isFresh = driver.engine.health.tables.allSatisfy { $0.used == 0 && $0.evicted == 0 }
        #expect(isFresh)
    }

    /// Every cap is registered once, with a policy in words.
    @Test func everyCapIsListed() {
        var options = EngineOptions()
        options.limits.memory = 12_345
        let driver = EngineDriver(options: options)
        let limits = driver.engine.health.limits
        #expect(limits.count > 45)
        #expect(Set(limits.map(\.name)).count == limits.count)
        #expect(limits.allSatisfy { $0.value > 0 && !$0.policy.isEmpty })
        #expect(limits.first?.value == 12_345)
    }

    @Test func fragmentsBeyondTheCapAreCounted() {
        var options = EngineOptions()
        options.limits.fragments.datagrams = 2
        var driver = EngineDriver(options: options)
        for number in 1...5 as ClosedRange<UInt16> {
            driver.send(
                PacketBuilder.ethernet(
                    PacketBuilder.ipv4(
                        from: "10.0.0.1", to: "10.0.0.2", protocol: 17, identification: number, fragment: 0,
                        moreFragments: true, PacketBuilder.udp(from: 1, to: 2, [UInt8](repeating: 0, count: 8)))))
        }
        let health = table("fragmented datagrams", of: driver.engine)
        #expect(health == TableHealth(name: "fragmented datagrams", used: 2, capacity: 2, evicted: 3))
    }

    @Test func namesOfTheCaptureAreThoseOfTheEnds() throws {
        var options = EngineOptions()
        options.limits.hostNames = 1
        var driver = EngineDriver(options: options)
        driver.engine.note(HostName(address: "10.0.0.2", name: "origin.example"))
        driver.engine.note(HostName(address: "10.0.0.1", name: "one too many"))
        driver.send(PacketBuilder.udpFrame(from: client, to: "10.0.0.2:53", payload: [1]))
        let flows = driver.engine.snapshot().flows
        let flow = try #require(flows.first)
        #expect(flow.server.name == "origin.example")
        #expect(flow.client.name == nil)
        let names = table("host names", of: driver.engine)
        #expect(names?.evicted == 1)
        // Counting anew keeps the names: they stand at the start of the file.
        var fresh = EngineGroup(options: options)
        fresh.adoptHostNames(of: driver.engine)
        let kept = table("host names", of: fresh)
        #expect(kept?.used == 1)
    }
}
