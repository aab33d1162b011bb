import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopApplication

@Suite struct MediaMeterTests {
    private func at(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }

    /// Handbook 5.7: segments of four seconds that take five each, start with the first: a second of stall for each.
    @Test func aPlayerThatIsFedTooSlowly() {
        var player = PlayerModel(threshold: 4)
        for number in 0..<6 {
            player.add(.video, from: Double(number) * 4, to: Double(number + 1) * 4, at: at(Double(number + 1) * 5))
        }
        #expect(player.stallCount == 5)
        #expect(abs(player.stallTime - .seconds(5)) < .milliseconds(1))
        #expect(player.minimum == 0 && player.maximum == 4)
        #expect(player.stalls.first?.start == at(9))
    }

    @Test func theSmallerOfBothKindsIsHeld() {
        var player = PlayerModel(threshold: 1)
        player.add(.video, from: 0, to: 4, at: at(1))
        #expect(player.level == 4)
        player.add(.audio, from: 0, to: 2, at: at(1.5))
        #expect(player.level == 1.5)
        #expect(player.level(at: at(2.5)) == 0.5)
    }

    /// Playback does not begin with video alone while sound is on its way.
    @Test func whatIsOnItsWayIsWaitedFor() {
        var player = PlayerModel(threshold: 0.6)
        player.expect(.video, at: at(1))
        player.expect(.audio, at: at(1))
        player.add(.video, from: 0, to: 1, at: at(1.1))
        #expect(!player.isPlaying)
        player.add(.audio, from: 0, to: 0.2, at: at(1.2))
        #expect(!player.isPlaying && player.level == 0.2)
        player.add(.audio, from: 0.2, to: 0.8, at: at(1.25))
        #expect(player.isPlaying && player.minimum == nil)
        // Sound that never comes holds nobody up for long.
        var silent = PlayerModel(threshold: 0.6)
        silent.expect(.audio, at: at(1))
        silent.add(.video, from: 0, to: 1, at: at(2))
        silent.add(.video, from: 1, to: 2, at: at(4.1))
        #expect(silent.isPlaying)
    }

    @Test func aJumpBackIsASeek() {
        var player = PlayerModel(threshold: 1)
        player.add(.video, from: 100, to: 104, at: at(1))
        player.add(.video, from: 10, to: 14, at: at(2))
        #expect(player.playhead == 10 && player.isPlaying && player.stallCount == 0)
    }

    @Test func correctionsAreAsSmallAsTheirRounding() throws {
        var player = PlayerModel(threshold: 1)
        player.add(.video, from: 0, to: 4, at: at(1))
        #expect(player.correct(.video, to: 3.96, at: at(1)) != nil && player.level == 4)
        player.correct(.video, to: 3.5, at: at(1))
        #expect(abs((player.level ?? 0) - 3.55) < 1e-9)
    }

    @Test func datesNarrowTheClock() {
        var meter = ServerClockMeter()
        var exchange = MediaExchange(identifier: 1)
        // A server 300 ms ahead, asked at different parts of a second.
        for step in 0..<10 {
            let now = 100 + Double(step) * 1.13
            exchange.requestTime = at(now - 0.02)
            exchange.responseTime = at(now + 0.02)
            exchange.roundTrip = .milliseconds(40)
            meter.note(date: at((now + 0.3).rounded(.down)), of: exchange)
        }
        #expect(abs((meter.offset.date ?? 0) - .milliseconds(300)) < .milliseconds(150))
        #expect(meter.offset.dateSamples == 10 && meter.offset.producer == nil)
        exchange.cache = HTTPCacheSnapshot(state: .hit, age: 40, source: .age)
        meter.note(date: at(0), of: exchange)
        #expect(meter.offset.dateSamples == 10)
        meter.note(age: -.milliseconds(120))
        #expect(meter.offset.producer == .milliseconds(120))
    }

    /// Handbook 5.6: a link of 20 Mb/s, chunks of 125 kB every 500 ms: 2 Mb/s over all, 20 while there is something to send.
    @Test func paceLeavesOutTheWaitForTheEncoder() throws {
        var pace = DeliveryPace()
        for chunk in 0..<8 {
            for packet in 0..<86 {
                pace.note(
                    1_448, at: at(1 + Double(chunk) * 0.5 + Double(packet) * 0.000_579_2), begins: packet == 0)
            }
        }
        let busy = pace.busy(roundTrip: .milliseconds(30))
        let rate = try #require(DeliveryPace.throughput(busy.bytes, busy.time))
        #expect(abs(rate - 20e6) < 3e6)
    }

    /// Chunks that come whole (records of TLS, large frames) do not tell how fast: nothing rather than the encoder's rate.
    @Test func chunksInOneGoTellNothing() {
        var pace = DeliveryPace()
        for chunk in 0..<40 { pace.note(7_000, at: at(1 + Double(chunk) * 0.2), begins: true) }
        let busy = pace.busy(roundTrip: .milliseconds(30))
        #expect(busy.bytes == 0 && DeliveryPace.throughput(busy.bytes, busy.time) == nil)
    }

    @Test func theGapOfAnOpeningWindowIsLeftOut() throws {
        var pace = DeliveryPace()
        var time = 1.0
        for packet in 0..<60 {
            time += packet % 10 == 9 ? 0.04 : 0.002
            pace.note(1_448, at: at(time))
        }
        let busy = pace.busy(roundTrip: .milliseconds(40))
        let rate = try #require(DeliveryPace.throughput(busy.bytes, busy.time))
        #expect(abs(rate - 8 * 1_448 / 0.002) < 1e5)
    }

    @Test func littleSaysNothing() {
        var pace = DeliveryPace()
        for packet in 0..<20 { pace.note(1_448, at: at(1 + Double(packet) * 0.000_5)) }
        let busy = pace.busy(roundTrip: .milliseconds(30))
        #expect(busy.bytes == 19 * 1_448 && DeliveryPace.throughput(busy.bytes, busy.time) == nil)
    }

    @Test(arguments: [
        ("http://h/live/chunk-2-00010.m4s", "chunk-2", 10), ("/a/b/seg_7.ts?token=1", "seg", 7),
        ("/720p/00042.m4s", "/720p/", 42),
    ])
    func addressesThatCount(url: String, name: String, number: Int) throws {
        let identity = try #require(MediaAddressPattern.identity(of: URLReference(url)))
        #expect(identity.representation == name && identity.number == number)
    }

    @Test func addressesThatDoNot() {
        #expect(MediaAddressPattern.identity(of: URLReference("/live/init.m4s")) == nil)
        #expect(MediaAddressPattern.identity(of: URLReference("")) == nil)
        #expect(MediaAddressPattern.identity(of: URLReference("/a/99999999999999999999999999999999.ts")) != nil)
    }

    @Test func seriesJoinsWhenItIsFull() {
        var series = BufferSeries()
        var player = PlayerModel(threshold: 0)
        player.add(.video, from: 0, to: 1_000, at: at(0))
        for step in 0..<5_000 {
            player.advance(to: at(Double(step) * 0.1))
            series.note(player, player, player, at: at(Double(step) * 0.1))
        }
        #expect(series.points.count <= BufferSeries.capacity && series.points.count > BufferSeries.capacity / 3)
        #expect(zip(series.points, series.points.dropFirst()).allSatisfy { $0.time < $1.time })
    }
}
