import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

@Suite struct RTPMeterTests {
    @Test("RFC 3550 A.8: arrivals 0, 20, 45, 60, 80, 100 ms of 160 units at 8 kHz")
    func jitter() {
        var meter = RTPJitterMeter()
        var values: [Double] = []
        for (index, arrival) in [0, 20, 45, 60, 80, 100].enumerated() {
            meter.observe(UInt32(index * 160), at: Timestamp(nanoseconds: Int64(arrival) * 1_000_000))
            if let reading = meter.reading(at: 8_000) { values.append(reading.last.milliseconds) }
        }
        for (value, expected) in zip(values, [0, 0.3125, 0.60546875, 0.5676, 0.5322]) {
            #expect(abs(value - expected) < 0.0001)
        }
        #expect(values.count == 5)
        #expect(abs((meter.reading(at: 8_000)?.maximum.milliseconds ?? 0) - 0.60546875) < 0.0001)
    }

    @Test("A clock that becomes known later gives the figure of the whole stream")
    func lateClock() {
        var early = RTPJitterMeter()
        early.settle(on: 48_000)
        var late = RTPJitterMeter()
        var random = SeededRandom(seed: 3)
        for index in 0..<300 {
            let time = Timestamp(
                nanoseconds: Int64(index) * 20_000_000 + Int64.random(in: 0..<7_000_000, using: &random))
            early.observe(UInt32(index * 960), at: time)
            late.observe(UInt32(index * 960), at: time)
        }
        late.settle(on: 48_000)
        #expect(early.reading(at: 48_000) == late.reading(at: 48_000) && early.reading(at: 48_000) != nil)
        #expect(late.reading(at: 90_000) == nil, "the other courses ended")
    }

    private func clock(step: UInt32, every interval: Int64, jitter: Int64, packets: Int) -> Int? {
        var clock = RTPClock()
        var random = SeededRandom(seed: 5)
        for index in 0..<packets {
            let offset = jitter > 0 ? Int64.random(in: -jitter...jitter, using: &random) : 0
            clock.observe(
                1_000 &+ step &* UInt32(index), at: Timestamp(nanoseconds: Int64(index + 1) * interval + offset))
        }
        return clock.rate
    }

    @Test("Clock rates by slope: 48 kHz with 5 ms jitter, 90 kHz, 8 and 16 kHz; too little or none of these is unknown")
    func inference() {
        #expect(clock(step: 960, every: 20_000_000, jitter: 5_000_000, packets: 250) == 48_000)
        #expect(clock(step: 3_000, every: 33_333_333, jitter: 5_000_000, packets: 120) == 90_000)
        #expect(clock(step: 320, every: 20_000_000, jitter: 1_000_000, packets: 250) == 16_000)
        #expect(clock(step: 160, every: 20_000_000, jitter: 0, packets: 6) == nil)
        #expect(clock(step: 1_300, every: 20_000_000, jitter: 0, packets: 250) == nil)
        #expect(clock(step: 882, every: 20_000_000, jitter: 0, packets: 250) == nil, "44.1 kHz not after five seconds")
        #expect(clock(step: 882, every: 20_000_000, jitter: 0, packets: 1_200) == 44_100)
    }

    @Test("A few equal steps are enough where only one clock makes them")
    func hint() {
        #expect(clock(step: 960, every: 20_000_000, jitter: 0, packets: 40) == 48_000)
        #expect(clock(step: 777, every: 16_187_500, jitter: 0, packets: 40) == nil)
    }

    @Test(
        "E-model vectors (G.107): delay ms, Ie, Bpl, loss % to R and MOS",
        arguments: [
            (0, 0, 25.1, 0, 93.20, 4.409), (50, 0, 25.1, 0, 92.00, 4.385), (150, 0, 25.1, 1, 85.96, 4.228),
            (200, 0, 25.1, 2, 78.89, 3.981), (300, 0, 4.3, 3, 33.46, 1.758), (150, 11, 19, 2, 70.60, 3.625),
            (400, 0, 25.1, 5, 43.32, 2.230),
        ] as [(Double, Double, Double, Double, Double, Double)])
    func rating(vector: (Double, Double, Double, Double, Double, Double)) {
        let (delay, impairment, robustness, loss, rating, score) = vector
        let codec = VoiceQuality.Codec(impairment: impairment, robustness: robustness, isAssumed: false)
        let found = VoiceQuality.rating(codec, delay: delay, loss: loss, burstRatio: 1)
        #expect(abs(found - rating) < 0.01 && abs(VoiceQuality.score(found) - score) < 0.001)
    }

    @Test("One bad interval gives one low score, then it is good again; without a round trip that is said")
    func intervals() {
        var voice = VoiceQuality()
        var scores: [Double] = []
        for second in 0...60 {
            let expected = UInt64(second * 50)
            let lost: UInt64 = second <= 20 ? 0 : second <= 25 ? UInt64(second - 20) * 5 : 25
            voice.observe(
                .g711, expected: expected, lost: lost, bursts: Int(lost), oneWay: nil,
                at: Timestamp(nanoseconds: Int64(second) * 1_000_000_000))
            if let last = voice.last { scores.append(last) }
        }
        #expect((voice.worst ?? 5) < 3.6 && (voice.last ?? 0) > 4.4)
        #expect(scores.count { $0 < 4 } == 5, "five seconds long, then no more")
        #expect(voice.isWithoutDelay)
    }

    @Test("Playout: constant delay is never late; one packet 300 ms late is late once and one underrun")
    func playout() {
        var model = PlayoutModel()
        for index in 0..<500 {
            let time = Timestamp(nanoseconds: Int64(index) * 20_000_000)
            let isLate = model.observe(index == 400 ? 0.34 : 0.04, packetTime: 0.02, at: time)
            #expect(isLate == (index == 400))
        }
        #expect(model.late == 1 && model.underruns == 1)
        #expect(model.meanBuffer == .milliseconds(40))
    }

    @Test("Freezes as webrtc-stats counts them: a gap of 250 ms among 33 ms is one, of 150 ms none")
    func freezes() {
        func count(gap: Int64) -> Int {
            var meter = RTPFreezeMeter()
            var time: Int64 = 0
            for index in 0..<40 {
                time += index == 20 ? gap : 33
                meter.show(at: Timestamp(nanoseconds: time * 1_000_000))
            }
            return meter.count
        }
        #expect(count(gap: 250) == 1 && count(gap: 150) == 0)
    }
}
