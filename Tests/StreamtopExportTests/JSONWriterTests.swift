import StreamtopBase
import Testing

@testable import StreamtopExport

/// The text that `body` writes into an empty buffer.
func written(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter(RecordBuffer())
    body(&writer)
    let buffer = writer.finish()
    return buffer.text
}

@Suite struct JSONWriterTests {
    @Test func commasStandBetweenMembersAndElementsOnly() {
        let text = written { json in
            json.object { json in
                json.member("a", 1)
                json.object("b") { json in
                    json.member("c", true)
                    json.array("d", [1, 2]) { $0.integer($1) }
                }
                json.array("e", [Int]()) { $0.integer($1) }
                json.object("f") { _ in }
                json.member("g", "x")
            }
        }
        #expect(text == #"{"a":1,"b":{"c":true,"d":[1,2]},"e":[],"f":{},"g":"x"}"#)
    }

    @Test func appendsAfterWhatTheBufferHolds() {
        var buffer = RecordBuffer()
        buffer.append("first\n")
        var writer = JSONWriter(buffer)
        writer.object { $0.member("a", 1) }
        writer.endLine()
        buffer = writer.finish()
        #expect(buffer.text == "first\n{\"a\":1}\n")
    }

    @Test func unknownValuesLeaveNoTrace() {
        let text = written { json in
            json.object { json in
                json.member("a", Int?.none)
                json.member("b", String?.none)
                json.member("c", "")
                json.member("d", Bool?.none)
                json.ratio("e", .nan)
                json.ratio("f", .infinity)
                json.rate("g", .nan)
                json.rate("h", -1)
                json.milliseconds("i", -1)
                json.time("j", nil)
                json.member("k", utf8: [])
            }
        }
        #expect(text == "{}")
    }

    @Test(arguments: [
        (0, "0"), (7, "7"), (10, "10"), (-1, "-1"), (1_234_567_890, "1234567890"), (Int.max, "9223372036854775807"),
        (Int.min, "-9223372036854775808"),
    ])
    func integers(value: Int, text: String) {
        #expect(written { $0.integer(value) } == text)
    }

    @Test func largestUnsigned() {
        #expect(written { json in json.object { $0.member("n", UInt64.max) } } == #"{"n":18446744073709551615}"#)
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.5, "0.5"), (-0.25, "-0.25"), (0.000001, "0.000001"),
        (0.0000001, "0"), (1.9999999, "2"), (123.456, "123.456"), (1e17, "1e+17"),
    ])
    func decimals(value: Double, text: String) {
        #expect(written { $0.decimal(value) } == text)
    }

    @Test(arguments: [
        (0 as Nanoseconds, "0"), (1, "0.000001"), (1_500_000, "1.5"), (112_400_000, "112.4"),
        (1_000_000, "1"), (31_005_060, "31.00506"), (.max, "9223372036854.775807"),
    ])
    func millisecondsKeepNanoseconds(value: Nanoseconds, text: String) {
        #expect(written { json in json.object { $0.milliseconds("t", value) } } == "{\"t\":\(text)}")
    }

    @Test func offsetsMayPointBack() {
        #expect(written { json in json.object { $0.offset("t", -2_500_000) } } == #"{"t":-2.5}"#)
        #expect(written { json in json.object { $0.offset("t", .min) } } == #"{"t":-9223372036854.775808}"#)
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("a\"b\\c", #""a\"b\\c""#), ("tab\tline\nret\r", #""tab\tline\nret\r""#),
        ("\u{1b}[31m", #""\u001b[31m""#), ("\u{0}", #""\u0000""#), ("\u{7f}", #""\u007f""#),
        ("\u{9b}2J", #""\u009b2J""#), ("\u{a9} \u{bf}", "\"\u{a9} \u{bf}\""), ("日本 😀", "\"日本 😀\""),
    ])
    func strings(text: String, json: String) {
        #expect(written { $0.string(text) } == json)
    }

    @Test(arguments: [
        ([0x61, 0xff, 0x62], "a\u{fffd}b"), ([0xc3], "\u{fffd}"), ([0xe2, 0x82], "\u{fffd}"),
        ([0xed, 0xa0, 0x80], "\u{fffd}\u{fffd}\u{fffd}"), ([0xc3, 0xa9], "é"),
    ])
    func bytesThatAreNotText(bytes: [UInt8], text: String) {
        #expect(written { json in json.object { $0.member("s", utf8: bytes) } } == "{\"s\":\"\(text)\"}")
    }

    @Test(arguments: [
        (0 as Nanoseconds, "1970-01-01T00:00:00.000000000Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
        (1_709_251_199_123_456_789, "2024-02-29T23:59:59.123456789Z"),
        (4_107_542_399_000_000_000, "2100-02-28T23:59:59.000000000Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
        (.max, "2262-04-11T23:47:16.854775807Z"),
        (.min, "1677-09-21T00:12:43.145224192Z"),
    ])
    func timesOfDay(nanoseconds: Nanoseconds, text: String) {
        #expect(written { $0.time(Timestamp(nanoseconds: nanoseconds)) } == "\"\(text)\"")
    }

    @Test func everyDayFollowsTheDayBefore() {
        var before = CalendarTime(Timestamp(seconds: -86_400 * 100_000, nanoseconds: 0))
        for number in Int64(-99_999)...100_000 {
            let day = CalendarTime(Timestamp(seconds: number * 86_400, nanoseconds: 0))
            let isNextDay = day.year == before.year && day.month == before.month && day.day == before.day + 1
            let isNextMonth =
                day.day == 1
                && (day.year, day.month)
                    == (before.month == 12 ? (before.year + 1, 1) : (before.year, before.month + 1))
                && before.day == length(ofMonth: before.month, year: before.year)
            guard isNextDay || isNextMonth else {
                Issue.record("\(day) after \(before)")
                return
            }
            before = day
        }
    }

    private func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
