import StreamtopBase
import Testing

@testable import streamtop

@Suite struct DurationArgumentTests {
    @Test(
        arguments: [
            ("100ms", 100_000_000), ("10s", 10_000_000_000), ("2m", 120_000_000_000), ("1.5h", 5_400_000_000_000),
            ("3", 3_000_000_000), ("0.25", 250_000_000), ("7us", 7_000), ("7µs", 7_000), ("40ns", 40),
            (".5s", 500_000_000),
        ] as [(String, Nanoseconds)])
    func isRead(_ text: String, _ nanoseconds: Nanoseconds) {
        #expect(DurationArgument(argument: text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "s", "ms", "0", "0s", "-1s", "+1s", "1e3s", "nan", "inf", "soon", "1 s", "1.2.3s", ".", "1d", "١s",
        "99999999h", "0.1ns",
    ])
    func isRefused(_ text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }

    /// What is printed is read back as the same, in the largest unit that keeps it whole.
    @Test(
        arguments: [
            (1, "1ns"), (1_500, "1500ns"), (2_000, "2us"), (1_500_000, "1500us"), (100_000_000, "100ms"),
            (90_000_000_000, "90s"), (120_000_000_000, "2m"), (7_200_000_000_000, "2h"),
        ] as [(Nanoseconds, String)])
    func isPrinted(_ nanoseconds: Nanoseconds, _ text: String) {
        let argument = DurationArgument(nanoseconds: nanoseconds)
        #expect(argument.text == text)
        #expect(DurationArgument(argument: text) == argument)
    }
}
