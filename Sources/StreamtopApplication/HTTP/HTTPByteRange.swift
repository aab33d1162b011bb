/// The bytes that a request asks for, or that a response is of (RFC 9110 sections 14.1.2 and 14.4). Of several ranges the first.
struct HTTPByteRange: Equatable, Sendable {
    var first: UInt64
    /// nil: to the end.
    var last: UInt64?

    /// `bytes=0-499`, `bytes=500-`, `bytes 0-499/8000`, `bytes 0-499/*`; nil for anything else, a suffix among it.
    init?(_ text: String) {
        guard text.hasPrefix("bytes"), let unit = text.dropFirst(5).first, unit == "=" || unit == " " else {
            return nil
        }
        let range = text.dropFirst(6).prefix { $0 != "," && $0 != "/" }
        let ends = range.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = UInt64(ends[0]) else { return nil }
        self.first = first
        last = UInt64(ends[1])
        if let last, last < first { return nil }
    }
}
