import StreamtopBase

/// Days of the Gregorian calendar as text, in UTC.
enum DateText {
    /// `2026-12-23`.
    static func day(_ time: Timestamp) -> String {
        let perDay: Int64 = 86_400_000_000_000
        let whole = time.nanoseconds / perDay
        let days = time.nanoseconds % perDay < 0 ? whole - 1 : whole
        // Days since 1 March of year 0, in eras of 400 years; a 64-bit count of nanoseconds spans 584 years.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * part + 2) / 5 + 1
        let month = part < 10 ? part + 3 : part - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(two(month))-\(two(day))"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
