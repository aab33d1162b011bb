import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct TCPWindowTests {
    @Test func windowOfASynIsNeverScaled() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: .syn, window: 65535))
        flow.pass(.fromServer, at: 1, .init(acknowledgment: 0, flags: .syn, window: 65535))
        flow.ack(at: 2, 0, window: 1024)
        let window = flow.report().snapshot.client.receiveWindow
        #expect(window?.last == 131_072)
        #expect(window?.maximum == 131_072)
    }

    @Test func scalingNeedsBothSyns() {
        var flow = TCPScenario(scale: nil)
        flow.handshake(toServer: 1, toClient: 1)
        flow.ack(at: 3, 0, window: 1024)
        #expect(flow.report().snapshot.client.receiveWindow?.last == 1024)
    }

    /// RFC 7323 section 2.2: a field whose scale was not seen is no window, and holds nobody back.
    @Test func fieldWithoutItsScaleBoundsNothing() {
        var flow = TCPScenario()
        for index in 0..<100 {
            flow.data(at: Double(index) * 20, index * 2000, 1000)
            flow.data(at: Double(index) * 20 + 1, index * 2000 + 1000, 1000)
            flow.ack(at: Double(index) * 20 + 10, (index + 1) * 2000, window: 502)
        }
        let report = flow.report(at: 2000)
        #expect(report.snapshot.client.receiveWindow == nil)
        #expect(report.snapshot.client.windowScale == nil)
        #expect(report.snapshot.server.limitedBy?.receiver == 0)
        #expect(report.snapshot.server.windowFull == 0)
    }

    /// Handbook 14.1's vector: a field of 502 and 7,240 bytes under way prove a scale of 4.
    @Test func flightBeyondTheFieldProvesAScale() {
        var flow = TCPScenario()
        flow.data(at: 0, 0, 1448)
        flow.ack(at: 10, 1448, window: 502)
        for index in 1...5 { flow.data(at: 20 + Double(index), index * 1448, 1448) }
        #expect(flow.report().snapshot.client.windowScaleMin == 4)
        var small = TCPScenario()
        small.data(at: 0, 0, 400)
        small.ack(at: 10, 400, window: 502)
        small.data(at: 20, 400, 400)
        #expect(small.report().snapshot.client.windowScaleMin == nil)
    }

    /// Zero is zero at every scale.
    @Test func closedWindowNeedsNoScale() {
        var flow = TCPScenario()
        flow.data(at: 0, 0)
        flow.ack(at: 10, 1000, window: 0)
        flow.ack(at: 3010, 1000, window: 502)
        let report = flow.report(at: 4000)
        #expect(report.snapshot.client.zeroWindowTime == .milliseconds(3000))
        #expect(report.snapshot.server.limitedBy?.receiver == .milliseconds(3000))
    }

    /// The first frame of a joined flow acknowledges what passed long before: the flight begins with what was seen.
    @Test func flightBeginsWithTheFirstSequenceSeen() {
        var flow = TCPScenario()
        flow.ack(at: 0, 0)
        flow.data(at: 1, 200_000_000)
        flow.ack(at: 31, 200_001_000)
        flow.data(at: 32, 200_001_000)
        flow.data(at: 33, 200_002_000)
        let server = flow.report(at: 40).snapshot.server
        #expect(server.inFlight?.maximum == 2000)
        #expect(server.initialWindowBytes == nil)
        #expect(server.lostBeforeCaptureBytes == 0)
    }

    /// The capture missed a second of both directions: what it lacks was not in flight at once.
    @Test func holeInTheCaptureIsNoFlight() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 30)
        for index in 0..<50 {
            flow.data(at: 100 + Double(index) * 10, index * 1000)
            flow.ack(at: 130 + Double(index) * 10, (index + 1) * 1000)
        }
        flow.data(at: 1600, 150_000)
        flow.data(at: 1601, 151_000)
        flow.ack(at: 1630, 151_000)
        flow.data(at: 1631, 152_000)
        let flight = flow.server.inFlight
        #expect((flight?.maximum ?? .max) <= 4000)
        #expect(flight?.last == 2000)
    }

    /// A short snap length cuts SACK blocks off: what they reported is not in flight, and how much it is nobody knows.
    @Test func flightIsNotCountedBehindCutOptions() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 30)
        for index in 0..<10 { flow.data(at: 100 + Double(index), index * 1000) }
        for index in 2..<10 {
            flow.pass(.fromClient, at: 130 + Double(index), .init(acknowledgment: 1000, isCut: true))
        }
        for index in 10..<18 { flow.data(at: 140 + Double(index), index * 1000) }
        #expect(flow.server.inFlight?.maximum == 10_000)
        flow.ack(at: 190, 18_000)
        flow.data(at: 191, 18_000)
        #expect(flow.server.inFlight?.last == 1000)
    }

    /// A SYN whose options were cut off says nothing of timestamps; the segments do.
    @Test func timestampsAreSeenWithoutTheSyn() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: .syn, isCut: true))
        flow.pass(.fromServer, at: 40, .init(acknowledgment: 0, flags: .syn, isCut: true))
        flow.pass(.fromClient, at: 40.02, .init(acknowledgment: 0))
        flow.data(at: 80, 0, stamp: 1000, echo: 1)
        let (server, client) = (flow.tracker.server.timestampsInUse, flow.tracker.client.timestampsInUse)
        #expect(server)
        #expect(!client)
    }

    /// Not one acknowledgment was captured: nothing that rests on them is said (handbook 14.9).
    @Test func oneDirectionAloneTellsNoFlight() {
        var flow = TCPScenario(sack: false)
        for index in 0..<200 { flow.pass(.fromServer, at: Double(index), .init(sequence: index * 1000, length: 1000)) }
        flow.pass(.fromServer, at: 400, .init(sequence: 0, length: 1000))
        let server = flow.report(at: 500).snapshot.server
        #expect(server.inFlight == nil)
        #expect(server.congestionWindow == nil)
        #expect(server.limitedBy == nil)
        #expect(server.lossRatio == nil)
        #expect(server.loss.random + server.loss.congestive + server.loss.policed == 0)
        #expect(server.congestionControl?.name == .unknown)
        #expect(server.uniqueBytes == 200_000)
    }

    /// RFC 9293 section 3.10.7.4: an acknowledgment that was overtaken moves no edge.
    @Test func overtakenAcknowledgmentMovesNoEdge() {
        var window = TCPReceiveWindowMeter()
        _ = window.record(100, shift: 0, acknowledgment: 1000, at: Timestamp(nanoseconds: 0))
        #expect(window.edge == 1100)
        let late = window.record(5000, shift: 0, acknowledgment: 500, at: Timestamp(nanoseconds: 1))
        #expect(window.edge == 1100)
        #expect(!late.shrunk)
    }

    /// The receiver sleeps for two seconds while 256 KB arrive: what its window loses is what waits unread.
    @Test func unreadBytesAreWhatTheWindowLost() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20, window: 4096)
        for index in 0..<256 {
            flow.data(at: 100 + Double(index), index * 1024, 1024)
            flow.ack(at: 120 + Double(index), (index + 1) * 1024, window: UInt16(4096 - (index + 1) * 8))
        }
        let window = flow.report().snapshot.client.receiveWindow
        #expect(abs((window?.occupied ?? 0) - 262_144) <= 128)
    }

    @Test func zeroWindowsAndTheirProbes() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        flow.data(at: 100, 0)
        flow.ack(at: 120, 1000, window: 0)
        flow.pass(.fromServer, at: 320, .init(sequence: 999, acknowledgment: 0))  // Linux: no byte, one number back
        flow.ack(at: 340, 1000, window: 0)
        flow.ack(at: 620, 1000, window: 500)
        let report = flow.report()
        #expect(report.snapshot.server.windowProbes == 1)
        #expect(report.snapshot.server.keepAlives == 0)
        #expect(report.snapshot.client.zeroWindows == 2)
        #expect(report.snapshot.client.zeroWindowEpisodes == 1)
        #expect(report.snapshot.client.zeroWindowTime == 500_000_000)
        #expect(flow.events.contains(.zeroWindow(by: .fromClient)))
        #expect(flow.events.contains(.windowOpen(by: .fromClient, bytes: 64_000, after: 500_000_000)))
    }

    @Test func sharesOfTimeSumUpToTheWhole() throws {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20, window: 100)
        for index in 0..<12 { flow.data(at: 100, index * 1000) }  // 12,000 of 12,800 bytes: full
        flow.ack(at: 120, 12_000, window: 0)
        flow.ack(at: 420, 12_000, window: 1000)
        flow.data(at: 420.1, 12_000)
        flow.ack(at: 440.1, 13_000, window: 1000)
        let shares = try #require(flow.report(at: 1000).snapshot.server.limitedBy)
        #expect(abs(shares.receiver - 320_000_000) < 1_000_000)
        #expect(abs(shares.network - 20_000_000) < 1_000_000)
        let whole = shares.receiver + shares.network + shares.application
        #expect(abs(whole - 1_000_000_000) < 25_000_000)
    }

    /// A window that closed for good stays closed until the reset and not a moment longer, however late one asks.
    @Test func durationsEndWithTheConnection() throws {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        flow.data(at: 100, 0)
        flow.ack(at: 120, 1000, window: 0)
        #expect(flow.report(at: 1120).snapshot.client.zeroWindowTime == 1_000_000_000)
        flow.pass(.fromClient, at: 620, .init(acknowledgment: 1000, flags: .rst))
        let late = flow.report(at: 90_000).snapshot
        #expect(late.client.zeroWindowTime == 500_000_000)
        let shares = try #require(late.server.limitedBy)
        #expect(shares.network + shares.receiver + shares.application <= 620_000_000)
        #expect(shares.receiver >= 490_000_000)
    }

    @Test func windowThatMovesBackIsAnAnomaly() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        flow.ack(at: 50, 0, window: 1000)
        flow.ack(at: 60, 0, window: 100)
        #expect(flow.report().anomalies[.windowShrunk] > 0)
    }

    @Test func accurateECNCounterWraps() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: [.syn, .ae, .cwr, .ece]))
        flow.pass(.fromServer, at: 20, .init(acknowledgment: 0, flags: [.syn, .cwr]))
        flow.pass(.fromClient, at: 20.1, .init(acknowledgment: 0, flags: [.ae, .ece]))  // 5
        for index in 0..<100 {
            flow.pass(
                .fromServer, at: 30 + Double(index),
                .init(sequence: index * 1000, length: 1000, acknowledgment: 0, ecn: 2))
        }
        flow.pass(.fromClient, at: 140, .init(acknowledgment: 100_000))  // 5 + 3 = 8, that is 0
        #expect(flow.server.ecnNegotiated == true)
        #expect(flow.server.cePackets == 3)
        #expect(flow.server.ectPackets == 100)
    }

    @Test func classicECNIsNegotiatedByTheAnswer() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: [.syn, .cwr, .ece]))
        flow.pass(.fromServer, at: 20, .init(acknowledgment: 0, flags: [.syn, .ece]))
        #expect(flow.server.ecnNegotiated == true)
        var plain = TCPScenario()
        plain.pass(.fromClient, at: 0, .init(flags: [.syn, .cwr, .ece]))
        plain.pass(.fromServer, at: 20, .init(acknowledgment: 0, flags: .syn))
        #expect(plain.server.ecnNegotiated == false)
    }

    /// RFC 3168 section 6.1.3: the echo goes on until the answer has arrived. At the sender nothing else tells of marks.
    @Test func classicEchoesCountMarks() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: [.syn, .cwr, .ece]))
        flow.pass(.fromServer, at: 0.02, .init(acknowledgment: 0, flags: [.syn, .ece]))
        flow.ack(at: 40, 0)
        func echo(_ time: Double, _ number: Int, _ flags: TCPFlags) {
            flow.pass(.fromClient, at: time, .init(acknowledgment: number, flags: flags))
        }
        for index in 0..<6 { flow.data(at: 100 + Double(index), index * 1000) }
        echo(140, 1000, .ece)
        echo(141, 2000, .ece)
        flow.pass(.fromServer, at: 142, .init(sequence: 6000, length: 1000, acknowledgment: 0, flags: .cwr))
        echo(143, 3000, .ece)
        echo(182, 7000, [])
        #expect(flow.server.cePackets == 1)
        flow.data(at: 183, 7000)
        echo(223, 8000, .ece)
        #expect(flow.server.cePackets == 2)
    }
}
