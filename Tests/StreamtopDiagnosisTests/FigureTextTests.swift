import StreamtopBase
import Testing

@testable import StreamtopDiagnosis

@Suite struct FigureTextTests {
    @Test(arguments: [
        (0 as Nanoseconds, "0 ms"), (400_000, "0.4 ms"), (84_000_000, "84 ms"), (9_960_000, "10 ms"),
        (112_400_000, "112 ms"), (1_900_000_000, "1.9 s"), (65_000_000_000, "65 s"),
    ])
    func times(value: Nanoseconds, text: String) { #expect(FigureText.time(value) == text) }

    @Test(arguments: [(0.0, "0 %"), (0.0002, "0.02 %"), (0.018, "1.8 %"), (0.91, "91 %"), (.infinity, "? %")])
    func percents(value: Double, text: String) { #expect(FigureText.percent(value) == text) }

    @Test(arguments: [(96_000.0, "96 kb/s"), (11_800_000, "11.8 Mb/s"), (2e9, "2 Gb/s"), (12, "12 b/s")])
    func rates(value: Double, text: String) { #expect(FigureText.rate(value) == text) }

    @Test(arguments: [(512, "512 B"), (65_535, "66 kB"), (1_400_000, "1.4 MB")])
    func sizes(value: Int, text: String) { #expect(FigureText.bytes(value) == text) }
}
