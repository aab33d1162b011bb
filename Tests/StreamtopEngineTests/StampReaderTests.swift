import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// One time that goes forward, of clocks that do not.
@Suite struct StampReaderTests {
    static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    /// Reads stamps `offsets` after the start; each second frame comes from the other end.
    static func read(_ offsets: [Nanoseconds], from first: Timestamp = start) -> (StampReader, [StampReader.Reading]) {
        var clock = StampReader()
        let readings = offsets.enumerated().map { index, offset in
            clock.read(first + offset, flow: 7, isLow: index % 2 == 0)
        }
        return (clock, readings)
    }

    private func distrusted(_ readings: [StampReader.Reading]) -> Int { readings.filter { !$0.isTrusted }.count }

    static func steady(_ count: Int, from first: Int64 = 0) -> [Nanoseconds] {
        (0..<Int64(count)).map { .milliseconds(first + $0 * 10) }
    }

    @Test func steadyStampsPassUnchanged() {
        let (clock, readings) = Self.read(Self.steady(50))
        #expect(clock.steps == ClockSteps() && clock.epoch == 0)
        let expected = Self.steady(50).map { Self.start + $0 }
        #expect(readings.map(\.time) == expected)
        #expect(distrusted(readings) == 0)
    }

    @Test func anHourBackGoesOn() {
        let (clock, readings) = Self.read(Self.steady(50) + Self.steady(50, from: 500 - 3_600_000))
        #expect(clock.steps.count == 1 && clock.epoch == 1 && clock.steps.outliers == 0)
        // Fifty frames later: half a second, less what the step hid.
        #expect(clock.now >= Self.start + .milliseconds(950))
        #expect(clock.now <= Self.start + .milliseconds(1_010))
        let isForward = zip(readings, readings.dropFirst()).allSatisfy { $0.time <= $1.time }
        #expect(isForward)
        #expect(abs(clock.steps.lastBy + .seconds(3_600)) < .seconds(1))
    }

    @Test func oneSecondBackIsFoundByBothDirections() {
        let stamps = Self.steady(50) + Self.steady(50, from: 500 - 1_000)
        #expect(Self.read(stamps).0.steps.count == 1)
        // One direction alone may be stamped by another clock.
        var clock = StampReader()
        for stamp in stamps { _ = clock.read(Self.start + stamp, flow: 7, isLow: true) }
        #expect(clock.steps.count == 0)
    }

    @Test func oneDirectionLateIsNoStep() {
        // Every other frame bears a stamp 10 ms too late.
        let stamps = (0..<200).map { Nanoseconds.milliseconds(Int64($0) * 2 + ($0 % 2 == 0 ? 10 : 0)) }
        #expect(Self.read(stamps).0.steps.count == 0)
    }

    @Test func neighboursOutOfOrderAreNoStep() {
        let stamps = (0..<200).map { Nanoseconds($0) * 50_000 - ($0 % 20 == 0 ? 150_000 : 0) }
        let (clock, readings) = Self.read(stamps)
        #expect(clock.steps == ClockSteps())
        #expect(distrusted(readings) == 0)
    }

    @Test(arguments: [Nanoseconds.seconds(50 * 365 * 86_400), -.seconds(1_700_000_000)])
    func loneWildStampIsIgnored(wild: Nanoseconds) {
        let (clock, readings) = Self.read(Self.steady(50) + [wild] + Self.steady(50, from: 500))
        #expect(clock.steps.count == 0 && clock.steps.outliers == 1 && clock.epoch == 0)
        #expect(clock.now == Self.start + .milliseconds(990))
        #expect(!readings[50].isTrusted && readings[50].time == Self.start + .milliseconds(490))
    }

    @Test func aFirstStampOfZeroIsForgotten() {
        var driver = EngineDriver()
        let time = driver.time
        driver.time = Timestamp(nanoseconds: 0)
        let packets = CopyFilterTests.connection(40)
        driver.send(packets[0].frame, after: 0)
        driver.time = time
        for packet in packets.dropFirst() { driver.send(packet.frame, after: .milliseconds(5)) }
        #expect(driver.engine.firstFrame ?? Timestamp(nanoseconds: 0) >= time, "the capture does not last for decades")
        #expect(driver.engine.now == driver.time)
    }

    @Test func hoursOfSilenceAreBelieved() {
        let (clock, readings) = Self.read(Self.steady(20) + Self.steady(20, from: 7_200_000))
        #expect(clock.steps == ClockSteps() && distrusted(readings) == 0)
    }

    // MARK: Through the engine

    @Test func ticksGoOnAfterAStep() {
        var options = EngineOptions()
        options.sampleInterval = .seconds(1)
        var driver = EngineDriver(options: options)
        let packets = CopyFilterTests.connection(600)
        for (index, packet) in packets.enumerated() {
            if index == packets.count / 2 { driver.time = driver.time - .seconds(3_600) }
            driver.send(packet.frame, after: .milliseconds(5))
        }
        #expect(driver.samples.count >= 4, "five seconds pass")
        #expect(driver.engine.health.clock.count == 1)
    }

    /// A round trip of 30 ms stays one, whatever the clock did in between.
    @Test(arguments: [Nanoseconds.seconds(1), .seconds(2), .seconds(20)])
    func nothingIsMeasuredAcrossAStep(back: Nanoseconds) {
        var packets: [(at: Nanoseconds, frame: [UInt8])] = []
        for index in 0..<200 {
            let at = Nanoseconds.milliseconds(Int64(index) * 7)
            let first = 500 + UInt32(index) * 1000
            packets.append(
                (
                    at,
                    PacketBuilder.tcpFrame(
                        from: CopyFilterTests.server, to: CopyFilterTests.client, sequence: first, acknowledgment: 100,
                        flags: 0x18, payload: [UInt8](repeating: 1, count: 1000), identification: UInt16(index + 1))
                ))
            packets.append(
                (
                    at + .milliseconds(30),
                    PacketBuilder.tcpFrame(
                        from: CopyFilterTests.client, to: CopyFilterTests.server, sequence: 100,
                        acknowledgment: first + 1000, identification: UInt16(2000 + index))
                ))
        }
        packets.sort { $0.at < $1.at }
        var driver = EngineDriver()
        let begin = driver.time
        for packet in packets {
            let isAfter = packet.at > .milliseconds(700)
            driver.time = begin + packet.at - (isAfter ? back : 0)
            driver.send(packet.frame, after: 0)
        }
        let flow = driver.finalFlows.first
        let trip = flow?.roundTrip.client ?? flow?.roundTrip.server
        #expect(trip?.minimum == .milliseconds(30) && trip?.maximum == .milliseconds(30))
        #expect(driver.engine.health.clock.count == 1)
    }

    /// Acknowledgments that stand before their data are no loss of the capture and nothing sent again.
    @Test func acknowledgmentsBeforeTheirData() {
        var driver = EngineDriver()
        for packet in CopyFilterTests.connection(0) { driver.send(packet.frame, after: .milliseconds(15)) }
        for index in 0..<60 {
            let first = 500 + UInt32(index) * 1000
            driver.send(
                PacketBuilder.tcpFrame(
                    from: CopyFilterTests.client, to: CopyFilterTests.server, sequence: 100,
                    acknowledgment: first + 1000, identification: UInt16(2000 + index)), after: .milliseconds(5))
            driver.send(
                PacketBuilder.tcpFrame(
                    from: CopyFilterTests.server, to: CopyFilterTests.client, sequence: first, acknowledgment: 100,
                    flags: 0x18, payload: [UInt8](repeating: 1, count: 1000), identification: UInt16(index + 1)),
                after: 300_000)
        }
        let server = driver.finalFlows.first?.tcp?.server
        #expect(server?.retransmissions.packets == 0 && server?.lostBeforeCapture == 0)
        #expect(server?.displacedSegments ?? 0 >= 59)
        #expect(server?.uniqueBytes ?? 0 >= 59_000)
    }
}
