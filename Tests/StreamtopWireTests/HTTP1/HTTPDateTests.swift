import StreamtopBase
import StreamtopWire
import Testing

/// RFC 9110 section 5.6.7.
@Suite struct HTTPDateTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777 as Int64), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600), ("Mon, 23 Nov 2026 02:17:53 GMT", 1_795_400_273),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ])
    func instants(text: String, seconds: Int64) {
        #expect(HTTPDate.instant(text) == Timestamp(seconds: seconds, nanoseconds: 0))
    }

    @Test(arguments: [
        "", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 99999 08:49:37 GMT",
    ])
    func others(text: String) { #expect(HTTPDate.instant(text) == nil) }
}
