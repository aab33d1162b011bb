import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

@Suite struct FormatTests {
    @Test(arguments: [
        (0.0, "0"), (1, "1"), (999, "999"), (999.6, "1.0k"), (1_000, "1.0k"), (9_940, "9.9k"), (99_940, "99.9k"),
        (99_960, "100k"), (999_499, "999k"), (999_600, "1.0M"), (11_800_000, "11.8M"), (1.2e9, "1.2G"),
        (9.99e14, "999T"),
        (.nan, "–"), (.infinity, "–"), (-1, "–"),
    ])
    func rates(value: Double, text: String) { #expect(RateText.short(value) == text) }

    @Test(arguments: [(0, "0"), (999, "999"), (1_023, "1.0k"), (186_000, "186k"), (3_250_000, "3.3M")])
    func bytes(value: Int, text: String) { #expect(ByteText.short(value) == text) }

    @Test(arguments: [
        (0, "0.0"), (1_000, "0.00"), (420_000, "0.42"), (996_000, "1.0"), (9_800_000, "9.8"), (112_440_000, "112.4"),
        (999_960_000, "1000"), (-3_000_000, "-3.0"), (2_041_000_000, "2041"),
    ])
    func milliseconds(time: Nanoseconds, text: String) { #expect(DurationText.milliseconds(time) == text) }

    @Test(arguments: [
        (0, "0.0s"), (7_460_000_000, "7.4s"), (42_000_000_000, "42s"), (492_000_000_000, "8:12"),
        (3_720_000_000_000, "1h02m"), (273_600_000_000_000, "3d04h"), (-5, "0.0s"),
    ])
    func ages(time: Nanoseconds, text: String) { #expect(DurationText.age(time) == text) }

    @Test(arguments: [(0.0, "0.00%"), (0.0002, "0.02%"), (0.018, "1.80%"), (0.125, "12.5%"), (1, "100%")])
    func ratios(ratio: Double, text: String) { #expect(PercentText.ratio(ratio) == text) }

    @Test func extremesDoNotTrap() {
        for value in [Int64.min, .max, 0] {
            _ = DurationText.milliseconds(value)
            _ = DurationText.age(value)
            _ = DurationText.clock(value, tenths: true)
            _ = DurationText.timeOfDay(Timestamp(nanoseconds: value), utcOffsetSeconds: .max, tenths: true)
            _ = Words.ago(value)
        }
        for value in [Double.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .nan, .infinity, 1e300] {
            _ = RateText.short(value)
            _ = PercentText.ratio(value)
            _ = NumberText.fixed(value, decimals: 3)
            #expect(ChartScale(largest: value, least: 1) { RateText.short($0) }.top >= 1)
        }
        #expect(NumberText.grouped(Int.min) == "-9,223,372,036,854,775,808")
        #expect(NumberText.grouped(UInt64.max) == "18,446,744,073,709,551,615")
    }

    @Test func timeOfDay() {
        #expect(DurationText.timeOfDay(SampleSnapshots.now, utcOffsetSeconds: 0, tenths: true) == "14:02:51.3")
        #expect(DurationText.timeOfDay(SampleSnapshots.now, utcOffsetSeconds: 36_000) == "00:02:51")
        #expect(DurationText.timeOfDay(Timestamp(nanoseconds: -1), utcOffsetSeconds: 0) == "23:59:59")
    }

    @Test func endpointsKeepBothEndsAndThePort() {
        let long = SampleSnapshots.evening().flows[2].server
        #expect(EndpointText.fitted(long, width: 21) == "[2001:db…:b:c:99]:443")
    }

    @Test func textWraps() {
        #expect(TextWrap.lines("one two three", width: 7, limit: 3) == ["one two", "three"])
        #expect(TextWrap.lines("one two three four", width: 7, limit: 2) == ["one two", "three four"])
        #expect(TextWrap.lines("unbreakable", width: 4, limit: 2) == ["unbreakable"])
        #expect(TextWrap.lines("", width: 4, limit: 2).isEmpty)
    }
}
