import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// How estimates compare with the kernel over a run: what counts, and what must not.
@Suite struct KernelComparisonTests {
    private let client: Endpoint = "192.0.2.1:50000"
    private let server: Endpoint = "192.0.2.2:443"

    private func driver(sampled: Bool = true) -> EngineDriver {
        var options = EngineOptions()
        options.asksHost = true
        options.localAddresses = [server.address]
        // On a screen nobody takes samples: those of the charts are compared.
        if sampled { options.sampleInterval = .milliseconds(100) } else { options.keepsSeries = true }
        return EngineDriver(options: options)
    }

    private func report(_ time: Timestamp, _ change: (inout KernelSocket) -> Void = { _ in }) -> HostReport {
        var socket = KernelSocket(time: time, local: server, remote: client, state: .established)
        socket.cookie = 7
        socket.segmentSize = 1_000
        socket.congestionWindow = 10_000
        socket.inFlight = 1_000
        socket.smoothedRoundTrip = .milliseconds(10)
        socket.congestionControl = "cubic"
        socket.retransmissions = 0
        change(&socket)
        var report = HostReport(time: time)
        report.sockets = [socket]
        report.host = HostSnapshot(time: time)
        return report
    }

    private func open(_ driver: inout EngineDriver) {
        driver.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 0, flags: 0x02))
        driver.send(PacketBuilder.tcpFrame(from: server, to: client, sequence: 999, acknowledgment: 1, flags: 0x12))
        driver.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 1, acknowledgment: 1_000, flags: 0x10))
    }

    private func segment(_ driver: inout EngineDriver, _ round: Int, after: Nanoseconds = .milliseconds(20)) {
        driver.send(
            PacketBuilder.tcpFrame(
                from: server, to: client, sequence: 1_000 + UInt32(round) * 1_000, acknowledgment: 1, flags: 0x10,
                payload: [UInt8](repeating: 0, count: 1_000)), after: after)
    }

    private func talk(_ driver: inout EngineDriver, _ rounds: Range<Int>) {
        for round in rounds {
            segment(&driver, round)
            driver.send(
                PacketBuilder.tcpFrame(
                    from: client, to: server, sequence: 1, acknowledgment: 2_000 + UInt32(round) * 1_000, flags: 0x10),
                after: .milliseconds(10))
        }
    }

    private func close(_ driver: inout EngineDriver) {
        driver.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 1, flags: 0x04))
        _ = driver.finalFlows
    }

    /// One segment was sent twice; the kernel counts so many.
    private func again(_ kernel: Int?, handshake: Bool = true) throws -> KernelComparison {
        var driver = driver()
        if handshake { open(&driver) }
        talk(&driver, 0..<10)
        segment(&driver, 10)
        segment(&driver, 10, after: .milliseconds(300))
        driver.engine.observe(report(driver.time) { $0.retransmissions = kernel })
        close(&driver)
        let comparison = driver.engine.kernelComparison
        return try #require(comparison)
    }

    @Test func retransmissions() throws {
        let right = try #require(try again(1).retransmissions)
        #expect(right.samples == 1 && right.p50 == 0 && right.p95 == 0)
        let missed = try #require(try again(4).retransmissions)
        #expect(abs(missed.p50 - 0.75) < 0.001)
        // The kernel sent none again, and we say one did: one too many of one.
        let invented = try #require(try again(0).retransmissions)
        #expect(abs(invented.p50 - 1) < 0.001)
    }

    /// What was sent again before the capture is the kernel's alone; a kernel that does not tell is no kernel that says 0.
    @Test func retransmissionsThatCannotBeCompared() throws {
        #expect(try again(1, handshake: false).retransmissions == nil)
        #expect(try again(nil).retransmissions == nil)
    }

    /// Time with something to send, and the share of it in which the peer's window held the sender.
    private func held(busy: Nanoseconds?, receiver: Nanoseconds?) throws -> KernelComparison {
        var driver = driver()
        open(&driver)
        talk(&driver, 0..<200)
        driver.engine.observe(
            report(driver.time) {
                $0.busy = busy
                $0.receiverLimited = receiver
            })
        close(&driver)
        let comparison = driver.engine.kernelComparison
        return try #require(comparison)
    }

    /// What the application did not write is in neither of the shares: a sender that mostly waits for it is not compared.
    @Test func limitedByNeedsTimeWithSomethingToSend() throws {
        #expect(try held(busy: .seconds(5), receiver: .seconds(2)).limitedBy == nil, "the application held it")
        #expect(try held(busy: .seconds(1), receiver: 0).limitedBy == nil)
        #expect(try held(busy: nil, receiver: nil).limitedBy == nil)
    }

    @Test func limitedByIsADifferenceOfShares() {
        var comparison = HostComparison()
        comparison.count(retransmissions: 0, kernel: nil, receiver: (ours: 0.5, kernel: 0.45))
        comparison.count(retransmissions: 0, kernel: nil, receiver: (ours: 0.1, kernel: 0.2))
        comparison.count(retransmissions: 3, kernel: nil, receiver: nil)
        let snapshot = comparison.snapshot
        #expect(snapshot.retransmissions == nil)
        #expect(snapshot.limitedBy?.samples == 2)
        #expect(abs((snapshot.limitedBy?.p95 ?? 0) - 0.1) < 0.002)
    }

    /// While the application gives less than the path could carry, round trip and flight are apart, and the window is not compared.
    @Test func applicationLimitedTimeIsApart() throws {
        for isLimited in [false, true] {
            for sampled in [true, false] {
                var driver = driver(sampled: sampled)
                open(&driver)
                for round in 0..<20 {
                    driver.engine.observe(report(driver.time) { $0.isApplicationLimited = isLimited })
                    talk(&driver, round..<round + 1)
                }
                let found = driver.engine.kernelComparison
                let comparison = try #require(found)
                #expect((comparison.roundTrip != nil) == !isLimited)
                #expect((comparison.limitedRoundTrip != nil) == isLimited)
                #expect((comparison.limitedFlight != nil) == isLimited || comparison.flight != nil)
                #expect(comparison.window == nil, "a kilobyte does not fill ten")
                if sampled { #expect(driver.engine.snapshot().kernelComparison == comparison) }
            }
        }
    }

    /// A name that we did not give is not wrong, and one that the kernel did not tell is not compared.
    @Test func names() {
        var comparison = HostComparison()
        comparison.count(isJoined: true, estimate: .cubic, kernel: "cubic")
        comparison.count(isJoined: true, estimate: .bbr, kernel: "cubic")
        comparison.count(isJoined: true, estimate: .unknown, kernel: "cubic")
        comparison.count(isJoined: true, estimate: .cubic, kernel: nil)
        comparison.count(isJoined: false, estimate: .bbr, kernel: "cubic")
        let snapshot = comparison.snapshot
        #expect(snapshot.flows == 5 && snapshot.joined == 4)
        #expect(snapshot.namesCompared == 2 && snapshot.wrongNames == 1)
    }

    // MARK: Multipath TCP

    private let second: Endpoint = "192.0.2.1:50001"

    private func subflows(_ tokens: [UInt32?], cookie: UInt64 = 8, elsewhere: Bool = false) throws -> [FlowSnapshot] {
        var driver = driver()
        for (index, end) in [client, second].enumerated() {
            driver.send(
                PacketBuilder.tcpFrame(from: end, to: server, sequence: UInt32(index), flags: 0x10, payload: [1]))
        }
        var report = report(driver.time) { $0.multipath = MultipathState() }
        var other = report.sockets[0]
        other.remote = second
        other.cookie = cookie
        other.isElsewhere = elsewhere
        report.sockets.append(other)
        for (index, token) in tokens.enumerated() { report.sockets[index].multipath?.token = token }
        driver.engine.observe(report)
        for end in [client, second] {
            driver.send(PacketBuilder.tcpFrame(from: server, to: end, sequence: 5, flags: 0x10, payload: [1]))
        }
        return driver.engine.snapshot().flows
    }

    @Test func subflowsOfOneConnection() throws {
        let flows = try subflows([9, 9])
        #expect(flows.count == 2)
        #expect(flows[0].kernel?.otherSubflows == [flows[1].identifier])
        #expect(flows[1].kernel?.otherSubflows == [flows[0].identifier])
    }

    /// Another token, none, or another namespace: another connection, for all that is known.
    @Test func subflowsOfOthers() throws {
        for flows in [try subflows([9, 10]), try subflows([nil, nil]), try subflows([9, 9], elsewhere: true)] {
            #expect(flows.count == 2 && flows.allSatisfy { $0.kernel?.otherSubflows.isEmpty == true })
        }
    }
}
