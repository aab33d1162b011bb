import StreamtopBase

/// Writes frames as a pcapng file with nanosecond stamps. Other readers can open the file at any time; `finish` adds the
/// drop counts and closes it. After an error nothing more is written.
package final class PcapngWriter {
    private struct Port: Hashable {
        var interface: UInt32
        var linkType: LinkType
    }

    private let file: OutputFile
    private var isFinished = false
    private var buffer: [UInt8] = []
    private var ports: [Port: UInt32] = [:]
    private var last: (port: Port, index: UInt32)?
    private var order: [Port] = []
    private var lastTime = Timestamp(nanoseconds: 0)
    /// Frames written so far.
    package private(set) var frames: UInt64 = 0

    private static let flushSize = 1 << 18

    /// Writes the section header to `file`, which is this writer's alone from now on.
    package init(_ file: OutputFile, application: String) throws(CaptureError) {
        self.file = file
        buffer.reserveCapacity(Self.flushSize * 2)
        block(PcapngParser.sectionHeader) { writer in
            writer.put(UInt32(0x1a2b_3c4d))
            writer.put(UInt16(1))
            writer.put(UInt16(0))
            writer.put(UInt64.max)  // section length not given
            writer.option(4, Array(application.utf8))
            writer.endOfOptions()
        }
        try flush()
    }

    deinit {
        if !isFinished { try? flush() }
    }

    /// Writes all frames of a batch.
    package func write(_ batch: borrowing FrameBatch, facts: SourceFacts) throws(CaptureError) {
        for frame in batch.frames { try write(frame, bytes: batch.bytes, facts: facts) }
    }

    /// Writes one frame whose bytes lie in `bytes`.
    package func write(_ frame: FrameRecord, bytes: [UInt8], facts: SourceFacts) throws(CaptureError) {
        guard frame.offset >= 0, frame.capturedLength >= 0, frame.offset <= bytes.count - frame.capturedLength else {
            return
        }
        let index = self.index(of: Port(interface: frame.interface, linkType: frame.linkType), facts: facts)
        let ticks = UInt64(max(0, frame.time.nanoseconds))
        lastTime = max(lastTime, frame.time)
        block(6) { writer in
            writer.put(index)
            writer.put(UInt32(truncatingIfNeeded: ticks >> 32))
            writer.put(UInt32(truncatingIfNeeded: ticks))
            writer.put(UInt32(clamping: frame.capturedLength))
            writer.put(UInt32(clamping: frame.wireLength))
            writer.buffer.append(contentsOf: bytes[frame.offset..<(frame.offset + frame.capturedLength)])
            writer.pad(frame.capturedLength)
        }
        frames += 1
        if buffer.count >= Self.flushSize { try flush() }
    }

    /// Embeds secrets, before the frames they open.
    package func write(_ secrets: CapturedSecrets) throws(CaptureError) {
        block(10) { writer in
            switch secrets.kind {
            case .tlsKeyLog: writer.put(UInt32(0x544c_534b))
            case .other(let kind): writer.put(kind)
            }
            writer.put(UInt32(clamping: secrets.bytes.count))
            writer.buffer.append(contentsOf: secrets.bytes)
            writer.pad(secrets.bytes.count)
        }
        if buffer.count >= Self.flushSize { try flush() }
    }

    /// Writes the drop counts and what is still held back, and closes the file. Nothing may be written after it.
    package func finish(facts: SourceFacts) throws(CaptureError) {
        for (index, port) in order.enumerated() where Int(port.interface) < facts.interfaces.count {
            guard let drops = facts.interfaces[Int(port.interface)].drops else { continue }
            let ticks = UInt64(max(0, lastTime.nanoseconds))
            block(5) { writer in
                writer.put(UInt32(index))
                writer.put(UInt32(truncatingIfNeeded: ticks >> 32))
                writer.put(UInt32(truncatingIfNeeded: ticks))
                writer.option(4, drops.received)
                writer.option(5, drops.interface)
                writer.option(7, drops.kernel)
                writer.endOfOptions()
            }
        }
        try flush()
        isFinished = true
        do throws(OutputFile.Fault) { try file.finish() } catch { throw failure(error) }
    }

    /// Hands everything written so far to the system. A file that takes only a part of it ends with a whole block.
    package func flush() throws(CaptureError) {
        let start = file.position
        do throws(OutputFile.Fault) {
            try file.write(buffer)
        } catch {
            isFinished = true
            file.cut(to: start + UInt64(wholeBlocks(within: Int(clamping: file.position - start))))
            throw failure(error)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failure(_ fault: OutputFile.Fault) -> CaptureError {
        CaptureError(.writing, "cannot write \(file.path): \(fault.text)")
    }

    /// Bytes of the blocks in `buffer` that end within its first `count` bytes.
    private func wholeBlocks(within count: Int) -> Int {
        var end = 0
        // Ends: a block has twelve bytes at least.
        while end + 12 <= count {
            let length = (4..<8).reduce(0) { $0 | Int(buffer[end + $1]) << (8 * ($1 - 4)) }
            guard length >= 12, end + length <= count else { break }
            end += length
        }
        return end
    }

    /// The number of an interface in our file; describes it at its first frame.
    private func index(of port: Port, facts: SourceFacts) -> UInt32 {
        if let last, last.port == port { return last.index }
        if let known = ports[port] {
            last = (port, known)
            return known
        }
        let index = UInt32(order.count)
        ports[port] = index
        order.append(port)
        last = (port, index)
        let offset = Int(port.interface)
        let described = offset < facts.interfaces.count ? facts.interfaces[offset] : nil
        block(1) { writer in
            writer.put(UInt16(truncatingIfNeeded: port.linkType.rawValue))
            writer.put(UInt16(0))
            writer.put(UInt32(clamping: described?.snaplen ?? 0))
            if let name = described?.name { writer.option(2, Array(name.utf8.prefix(255))) }
            writer.option(9, [9])
            if let fcs = described?.fcsLength { writer.option(13, [UInt8(clamping: fcs)]) }
            writer.endOfOptions()
        }
        return index
    }

    // MARK: Blocks

    /// Writes a block; its two lengths are known when `body` is done.
    private func block(_ kind: UInt32, _ body: (PcapngWriter) -> Void) {
        let start = buffer.count
        put(kind)
        put(UInt32(0))
        body(self)
        let length = UInt32(clamping: buffer.count - start + 4)
        put(length)
        for index in 0..<4 { buffer[start + 4 + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
    }

    private func put<Number: FixedWidthInteger>(_ value: Number) {
        for index in 0..<(Number.bitWidth / 8) { buffer.append(UInt8(truncatingIfNeeded: value >> Number(8 * index))) }
    }

    private func pad(_ count: Int) {
        for _ in 0..<((4 - count % 4) % 4) { buffer.append(0) }
    }

    private func option(_ code: UInt16, _ value: [UInt8]) {
        put(code)
        put(UInt16(clamping: value.count))
        buffer.append(contentsOf: value)
        pad(value.count)
    }

    private func option(_ code: UInt16, _ value: UInt64) {
        put(code)
        put(UInt16(8))
        put(value)
    }

    private func endOfOptions() { put(UInt32(0)) }
}
