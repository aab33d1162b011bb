import StreamtopBase

/// Dates and lengths of time as manifests write them.
package enum ISO8601Parser {
    /// `YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh[:]mm]` (ISO 8601, xs:dateTime, RFC 8216 section 4.3.2.6). Without a zone it is UTC, as
    /// ISO/IEC 23009-1 section 5.3.1.2 has it. nil for anything else.
    package static func instant(_ text: some StringProtocol) -> Timestamp? {
        var reader = TextReader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), (1...12).contains(month),
            reader.take("-"), let day = reader.number(2), (1...31).contains(day),
            reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), hour <= 24,
            reader.take(":"), let minute = reader.number(2), minute < 60, reader.take(":"),
            let second = reader.number(2), second <= 60
        else { return nil }
        let fraction = reader.take(".") || reader.take(",") ? reader.fraction() : 0
        guard let fraction else { return nil }
        var offset: Int64 = 0
        if !reader.isAtEnd, !reader.take("Z"), !reader.take("z") {
            let isWest = reader.take("-")
            guard isWest || reader.take("+"), let hours = reader.number(2), hours < 24 else { return nil }
            _ = reader.take(":")
            let minutes = reader.isAtEnd ? 0 : reader.number(2)
            guard let minutes, minutes < 60 else { return nil }
            offset = (isWest ? -1 : 1) * (hours * 3_600 + minutes * 60)
        }
        guard reader.isAtEnd else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        return Timestamp(seconds: seconds, nanoseconds: fraction)
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years that begin in March: the leap day is the last, and month lengths follow one formula.
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// `[-]P[nY][nM][nD][T[nH][nM][n[.n]S]]` (xs:duration), a year as 365 and a month as 30 days. nil for anything else.
    package static func duration(_ text: some StringProtocol) -> Nanoseconds? {
        var reader = TextReader(text)
        let isNegative = reader.take("-")
        guard reader.take("P") else { return nil }
        var total: Nanoseconds = 0
        var isInDay = false
        while !reader.isAtEnd {  // each pass takes a unit
            if reader.take("T") {
                isInDay = true
                continue
            }
            guard let whole = reader.digits() else { return nil }
            let fraction = reader.take(".") ? reader.fraction() : 0
            guard let fraction, let unit = reader.next() else { return nil }
            let seconds: Int64
            switch (unit, isInDay) {
            case ("Y", false): seconds = 31_536_000
            case ("M", false): seconds = 2_592_000
            case ("D", false): seconds = 86_400
            case ("H", true): seconds = 3_600
            case ("M", true): seconds = 60
            case ("S", true): seconds = 1
            default: return nil
            }
            let (length, overflow) = whole.multipliedReportingOverflow(by: seconds)
            guard !overflow, length < 9_000_000_000 else { return nil }
            total = saturatingAdd(total, length * 1_000_000_000)
            total = saturatingAdd(total, fraction * (seconds == 1 ? 1 : 0))
        }
        return isNegative ? -total : total
    }
}

/// A forward cursor over ASCII text.
struct TextReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func next() -> Unicode.Scalar? { rest.popFirst().map { Unicode.Scalar($0) } }

    /// Exactly `count` digits.
    mutating func number(_ count: Int) -> Int64? {
        guard rest.count >= count else { return nil }
        var value: Int64 = 0
        for byte in rest.prefix(count) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)  // a few digits
        }
        rest.removeFirst(count)
        return value
    }

    /// One digit at least; nil where there is none or they pass 64 bits.
    mutating func digits() -> Int64? {
        var value: Int64 = 0
        var isEmpty = true
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            rest.removeFirst()
            isEmpty = false
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(Int64(byte - 0x30))
            guard !overflow, !more else { return nil }
            value = sum
        }
        return isEmpty ? nil : value
    }

    /// Digits behind a point, in billionths; what is finer is left out.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var unit: Int64 = 100_000_000
        var isEmpty = true
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            rest.removeFirst()
            isEmpty = false
            value += Int64(byte - 0x30) * unit
            unit /= 10
        }
        return isEmpty ? nil : value
    }
}
