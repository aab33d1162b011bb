// Unsafe only in lending arrays as spans of bytes, which is marked so for element types with padding; UInt8 has none.
import StreamtopBase
import StreamtopTestSupport
import StreamtopWire

/// How fast media is read, in one thread, in pieces as TCP segments carry it.
enum MediaCost {
    struct Row {
        var name: String
        var bytesPerSecond: Double
    }

    private static let pieceBytes = 1_448
    private static let rounds = 200

    /// CMAF chunks of a stamp and 20 kB of media.
    static func boxes() -> Row {
        var bytes = MediaBoxes.initialization()
        for index in 0..<100 as Range<UInt64> {
            bytes += MediaBoxes.stamp(ntp: index, mediaTime: index * 512)
            bytes += MediaBoxes.fragment(decodeTime: index * 512, sizes: [UInt32](repeating: 2_000, count: 10))
        }
        return measure("ISO media boxes", bytes) { span, time, found in
            var scanner = MediaBoxScanner()
            var facts: [MediaFact] = []
            pieces(of: span) { scanner.feed($0, at: time, into: &facts) }
            found += facts.count
        }
    }

    /// What the memory itself gives: as much, read a word at a time.
    static func memory() -> Row {
        let bytes = [UInt8](repeating: 3, count: 2_000_000)
        return measure("reading memory", bytes) { span, time, found in
            var sum: UInt64 = 0
            for position in stride(from: 0, to: span.byteCount - 7, by: 8) {
                sum &+= unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
            }
            found += Int(truncatingIfNeeded: sum & 0xff) + 1
        }
    }

    static func packets() -> Row {
        let bytes = (0..<10_000).flatMap { index in
            TransportPackets.packet(
                pid: index % 50 == 0 ? 0x101 : 0x100, counter: UInt8(index & 15),
                payload: [UInt8](repeating: 1, count: 184))
        }
        return measure("transport packets", bytes) { span, time, found in
            var reader = TransportStreamReader()
            var facts: [TransportStreamReader.Fact] = []
            pieces(of: span) { reader.feed($0, at: time, into: &facts) }
            found += Int(reader.packets)
        }
    }

    private static func pieces(of span: RawSpan, _ body: (RawSpan) -> Void) {
        for start in stride(from: 0, to: span.byteCount, by: pieceBytes) {
            body(span.extracting(start..<min(span.byteCount, start + pieceBytes)))
        }
    }

    private static func measure(
        _ name: String, _ bytes: [UInt8], _ read: (RawSpan, Timestamp, inout Int) -> Void
    ) -> Row {
        var found = 0
        let spent = ContinuousClock().measure {
            for round in 0..<rounds {
                read(unsafe bytes.span.bytes, Timestamp(nanoseconds: Int64(round)), &found)
            }
        }.components
        precondition(found > rounds, "nothing was read")
        let seconds = max(1e-9, Double(spent.attoseconds) / 1e18 + Double(spent.seconds))
        return Row(name: name, bytesPerSecond: Double(bytes.count * rounds) / seconds)
    }
}
