import StreamtopBase

extension JSONWriter {
    /// Time of day as captured: RFC 3339 in UTC with nine decimals.
    @inline(__always)
    mutating func time(_ name: StaticString, _ stamp: Timestamp?) {
        guard let stamp else { return }
        key(name)
        time(stamp)
    }

    mutating func time(_ stamp: Timestamp) {
        let date = CalendarTime(stamp)
        startValue()
        bytes.append(UInt8(ascii: "\""))
        number(date.year, 4)
        bytes.append(UInt8(ascii: "-"))
        number(date.month, 2)
        bytes.append(UInt8(ascii: "-"))
        number(date.day, 2)
        bytes.append(UInt8(ascii: "T"))
        number(date.hour, 2)
        bytes.append(UInt8(ascii: ":"))
        number(date.minute, 2)
        bytes.append(UInt8(ascii: ":"))
        number(date.second, 2)
        bytes.append(UInt8(ascii: "."))
        number(date.nanosecond, 9)
        bytes.append(literal: "Z\"")
    }

    /// `value` is not negative.
    @inline(__always)
    private mutating func number(_ value: Int, _ width: Int) {
        bytes.append(decimal: UInt64(truncatingIfNeeded: value), width: width)
    }
}

/// A stamp taken apart in the proleptic Gregorian calendar, UTC without leap seconds, as POSIX counts.
struct CalendarTime: Equatable {
    /// 1677 to 2262: all that 64 bits of nanoseconds can say, so a year always has four digits.
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    var nanosecond: Int

    init(_ stamp: Timestamp) {
        // Division that rounds down, so that stamps before 1970 have a positive time of day.
        let whole = stamp.nanoseconds
        var seconds = whole / 1_000_000_000
        var rest = whole % 1_000_000_000
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        var days = seconds / 86_400
        var clock = Int(seconds % 86_400)
        if clock < 0 {
            clock += 86_400
            days -= 1
        }
        nanosecond = Int(rest)
        hour = clock / 3600
        minute = clock / 60 % 60
        second = clock % 60

        // Years that begin in March, counted from 1 March of the year 0, so that the leap day is the last of its year;
        // 719,468 days lie between that day and 1970-01-01, and every 400 years have 146,097. All values here are
        // positive: the earliest stamp lies in 1677.
        let day = Int(days) + 719_468
        let era = day / 146_097
        let dayOfEra = day % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // From March on, months of 31, 30, 31, 30, 31 days repeat: 153 days every five months.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }
}
