// Unsafe only to lend our own arrays and the caller's buffer to the unpackers for the length of a call; every slice is
// cut from a buffer by indices that are checked against it.

/// The bytes of a capture file, front to back, whatever it is wrapped in: told by its first bytes, not by its name.
struct ByteSupply: ~Copyable {
    private enum Wrapping { case unknown, plain, gzip, zstd }

    private var file: FileBytes
    private var wrapping = Wrapping.unknown
    private var inflater: Inflater?
    private var unpacker: ZstdUnpacker?
    /// Packed bytes read and not yet used: `packed[next..<end]`.
    private var packed: [UInt8] = []
    private var next = 0
    private var end = 0
    private var isBetweenMembers = false
    /// gzip: something that is no member follows the last one; it is ignored, as gzip itself does.
    private var isOver = false

    private static let packedSize = 1 << 17

    init(path: String) throws(CaptureError) {
        file = try FileBytes(path: path)
    }

    var isRegular: Bool { file.isRegular }
    var size: UInt64? { file.size }
    var position: UInt64 { file.position }

    func name(_ path: String) -> FileBytes.NameState { file.name(path) }

    /// Up to `buffer.count` unpacked bytes; waits at most `patience` milliseconds for the first.
    mutating func read(
        into buffer: UnsafeMutableRawBufferPointer, patience: Int32
    ) throws(CaptureError) -> FileBytes.Outcome {
        if wrapping == .unknown {
            let outcome = try recognise(patience: patience)
            if wrapping == .unknown { return outcome }
        }
        switch wrapping {
        case .plain where next == end:
            return try unsafe file.read(into: buffer, patience: patience)
        case .plain, .unknown:
            let count = min(buffer.count, end - next)
            unsafe buffer.copyBytes(from: packed[next..<(next + count)])
            next += count
            return .bytes(count)
        case .gzip: return try unsafe readGzip(into: buffer, patience: patience)
        case .zstd: return try unsafe readZstd(into: buffer, patience: patience)
        }
    }

    /// Reads until the first four bytes or the end of the file are there.
    private mutating func recognise(patience: Int32) throws(CaptureError) -> FileBytes.Outcome {
        while end < 4 {
            let outcome = try refill(patience: patience)
            if outcome == .idle { return .idle }
            if outcome == .end {
                guard end > 0 else { return .end }
                break
            }
        }
        if packed[0..<end].starts(with: [0x1f, 0x8b]) {
            wrapping = .gzip
            inflater = Inflater()
        } else if packed[0..<end].starts(with: [0x28, 0xb5, 0x2f, 0xfd]) || isSkippableFrame {
            wrapping = .zstd
            unpacker = ZstdUnpacker()
        } else {
            wrapping = .plain
        }
        return .bytes(end)
    }

    /// A zstd file may begin with a skippable frame (RFC 8878 section 3.1.2): 0x184D2A50 to 0x184D2A5F.
    private var isSkippableFrame: Bool {
        end >= 4 && packed[0] & 0xf0 == 0x50 && packed[1..<4].elementsEqual([0x2a, 0x4d, 0x18])
    }

    /// Reads more packed bytes behind those not used yet.
    private mutating func refill(patience: Int32) throws(CaptureError) -> FileBytes.Outcome {
        if packed.isEmpty { packed = Array(repeating: 0, count: Self.packedSize) }
        if next == end {
            next = 0
            end = 0
        }
        guard end < packed.count else { return .bytes(0) }
        let start = end
        let read = unsafe packed.withUnsafeMutableBytes { whole -> Result<FileBytes.Outcome, CaptureError> in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: whole[start...])
            do throws(CaptureError) {
                return .success(try unsafe file.read(into: free, patience: patience))
            } catch {
                return .failure(error)
            }
        }
        let outcome = try read.get()
        if case .bytes(let count) = outcome { end += count }
        return outcome
    }

    private mutating func readGzip(
        into buffer: UnsafeMutableRawBufferPointer, patience: Int32
    ) throws(CaptureError) -> FileBytes.Outcome {
        guard inflater != nil else { return .broken("no memory to unpack it") }
        // Ends: every pass uses packed bytes, makes bytes or returns.
        while !isOver {
            if next == end {
                let outcome = try refill(patience: patience)
                if outcome == .end, !isBetweenMembers { return .broken("the gzip data is cut short") }
                guard case .bytes = outcome else { return outcome }
            }
            if isBetweenMembers {
                guard packed[next] == 0x1f else { break }
                inflater?.restart()
            }
            let result = unsafe packed.withUnsafeBytes { whole in
                unsafe inflater?.step(UnsafeRawBufferPointer(rebasing: whole[next..<end]), into: buffer)
            }
            guard let (used, made, step) = result else { return .broken("no memory to unpack it") }
            next += used
            if step == .broken {
                if isBetweenMembers { break }
                return made > 0 ? .bytes(made) : .broken("the gzip data is damaged")
            }
            isBetweenMembers = step == .memberEnd
            if made > 0 { return .bytes(made) }
            if used == 0, step == .more, next < end { return .broken("the gzip data is damaged") }
        }
        isOver = true
        return .end
    }

    private mutating func readZstd(
        into buffer: UnsafeMutableRawBufferPointer, patience: Int32
    ) throws(CaptureError) -> FileBytes.Outcome {
        guard unpacker != nil else { return .broken("no memory to unpack it") }
        // Ends: every pass uses packed bytes, makes bytes or returns.
        while true {
            // What the decoder holds back comes first: a full output buffer leaves bytes inside it.
            if let made = try unsafe stepZstd(into: buffer), made > 0 { return .bytes(made) }
            if unpackerFailed { return .broken("the zstd data is damaged") }
            guard next == end else { continue }
            let isInside = unpacker?.isInsideFrame ?? false
            let outcome = try refill(patience: patience)
            if outcome == .end, isInside { return .broken("the zstd data is cut short") }
            guard case .bytes = outcome else { return outcome }
        }
    }

    private var unpackerFailed = false

    private mutating func stepZstd(into buffer: UnsafeMutableRawBufferPointer) throws(CaptureError) -> Int? {
        if next == end, unpacker?.isInsideFrame != true { return nil }
        let result = unsafe packed.withUnsafeBytes { whole in
            unsafe unpacker?.step(UnsafeRawBufferPointer(rebasing: whole[next..<end]), into: buffer)
        }
        guard let result else {
            unpackerFailed = true
            return nil
        }
        if result.used == 0, result.made == 0, next < end { unpackerFailed = true }
        next += result.used
        return result.made
    }
}
