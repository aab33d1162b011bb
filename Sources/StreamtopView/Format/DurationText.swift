import StreamtopBase

/// Lengths of time and times of day as text.
enum DurationText {
    /// Milliseconds without their unit, for a column that names it: `0.42`, `9.8`, `112.4`, `2041`.
    static func milliseconds(_ time: Nanoseconds) -> String {
        let value = time.milliseconds
        let size = abs(value)
        return NumberText.fixed(value, decimals: size < 0.995 && size > 0 ? 2 : size < 999.95 ? 1 : 0)
    }

    /// A label of a value axis: `140`, `2.5`, `0`.
    static func axis(_ time: Nanoseconds) -> String {
        let value = time.milliseconds
        return NumberText.fixed(value, decimals: value != 0 && value < 9.95 ? 1 : 0)
    }

    static func withUnit(_ time: Nanoseconds) -> String {
        abs(time.milliseconds) < 10_000
            ? milliseconds(time) + " ms" : NumberText.fixed(time.seconds, decimals: 1) + " s"
    }

    /// How long something has lasted, five columns: `7.4s`, `42s`, `8:12`, `1h02m`, `3d04h`.
    static func age(_ time: Nanoseconds) -> String {
        let clipped = max(0, time)
        let seconds = clipped / 1_000_000_000
        if seconds < 10 { return "\(seconds).\(clipped / 100_000_000 % 10)s" }
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3_600 { return "\(seconds / 60):" + two(seconds % 60) }
        if seconds < 86_400 { return "\(seconds / 3_600)h" + two(seconds / 60 % 60) + "m" }
        return "\(seconds / 86_400)d" + two(seconds / 3_600 % 24) + "h"
    }

    /// `00:12:41`, or with tenths `00:12:41.3`.
    static func clock(_ time: Nanoseconds, tenths: Bool = false) -> String {
        let clipped = max(0, time)
        let seconds = clipped / 1_000_000_000
        let text = two(seconds / 3_600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60)
        return tenths ? text + ".\(clipped / 100_000_000 % 10)" : text
    }

    /// Time of day of a capture stamp.
    static func timeOfDay(_ time: Timestamp, utcOffsetSeconds: Int, tenths: Bool = false) -> String {
        let day: Int64 = 86_400_000_000_000
        let offset = Int64(min(max(utcOffsetSeconds, -86_400), 86_400))
        let local = (time + .seconds(offset)).nanoseconds % day
        return clock(local < 0 ? local + day : local, tenths: tenths)
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
