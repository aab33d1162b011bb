/// Builds capture files byte by byte, right or wrong.
struct CaptureBuilder {
    var isBigEndian = false
    var bytes: [UInt8] = []

    init(isBigEndian: Bool = false) { self.isBigEndian = isBigEndian }

    func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        (0..<MemoryLayout<Number>.size).map { index in
            let shift = 8 * (isBigEndian ? MemoryLayout<Number>.size - 1 - index : index)
            return UInt8(truncatingIfNeeded: value >> Number(shift))
        }
    }

    // MARK: pcap

    mutating func pcapHeader(
        magic: UInt32 = 0xa1b2_c3d4, major: UInt16 = 2, minor: UInt16 = 4, snaplen: UInt32 = 65_535, link: UInt32 = 1
    ) {
        bytes += number(magic) + number(major) + number(minor) + number(UInt64(0)) + number(snaplen) + number(link)
    }

    mutating func pcapRecord(
        _ data: [UInt8], seconds: UInt32 = 1, fraction: UInt32 = 0, captured: UInt32? = nil, wire: UInt32? = nil,
        extra: Int = 0
    ) {
        bytes += number(seconds) + number(fraction) + number(captured ?? UInt32(data.count))
        bytes += number(wire ?? UInt32(data.count)) + [UInt8](repeating: 0, count: extra) + data
    }

    // MARK: pcapng

    func option(_ code: UInt16, _ value: [UInt8]) -> [UInt8] {
        number(code) + number(UInt16(value.count)) + padded(value)
    }

    func padded(_ value: [UInt8]) -> [UInt8] {
        value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    mutating func block(_ kind: UInt32, _ body: [UInt8]) {
        let length = number(UInt32(padded(body).count + 12))
        bytes += number(kind) + length + padded(body) + length
    }

    mutating func section(major: UInt16 = 1, minor: UInt16 = 0, options: [UInt8] = []) {
        block(0x0a0d_0d0a, number(UInt32(0x1a2b_3c4d)) + number(major) + number(minor) + number(Int64(-1)) + options)
    }

    mutating func interface(link: UInt16 = 1, snaplen: UInt32 = 0, options: [UInt8] = []) {
        block(1, number(link) + number(UInt16(0)) + number(snaplen) + options)
    }

    mutating func enhanced(
        _ data: [UInt8], interface: UInt32 = 0, ticks: UInt64 = 0, captured: UInt32? = nil, wire: UInt32? = nil,
        options: [UInt8] = []
    ) {
        block(
            6,
            number(interface) + number(UInt32(ticks >> 32)) + number(UInt32(truncatingIfNeeded: ticks))
                + number(captured ?? UInt32(data.count)) + number(wire ?? UInt32(data.count)) + padded(data) + options)
    }
}
