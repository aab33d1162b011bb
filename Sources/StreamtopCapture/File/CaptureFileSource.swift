// Unsafe in two places: `fill` lends the free part of the batch's own array to read(2) for the length of the call;
// `parse` views the same array as raw bytes, which UInt8 allows.
import Glibc
import StreamtopBase

/// Frames of one capture file: pcap or pcapng, plain or compressed, a regular file, a pipe or standard input.
///
/// The file is read in pieces of a megabyte straight into the batch; records are described where they lie, nothing is
/// copied or allocated per frame. The incomplete record at the end of a piece is kept and opens the next batch, so that
/// memory does not grow with the file and any batch may be passed in any order.
package final class CaptureFileSource: FrameSource {
    /// How a file is read.
    package struct Options: Sendable {
        /// At the end of a regular file wait for more instead of ending.
        package var follow = false
        /// Milliseconds `read` waits for a slow writer before it says `.idle`.
        package var patience: Int32 = 100
        /// Bytes read at a time.
        package var chunk = 1 << 20
        package init() {}
    }

    private enum State: Equatable {
        case reading
        /// Everything good is delivered; this comes next.
        case failing(CaptureError)
        case ended
    }

    package private(set) var facts = SourceFacts()
    private let name: String
    private let options: Options
    private var supply: ByteSupply
    /// One of the two, once the file's beginning has told its format. No enum of both: the compiler keeps its tag among
    /// bits of the parsers that are not all written (decision 0171).
    private var pcap: PcapParser?
    private var pcapng: PcapngParser?
    private var state = State.reading
    /// The incomplete record that opens the next batch.
    private var carry: [UInt8] = []
    private var inside = "the file header"
    /// Offset in the capture of the first byte of `carry`.
    private var base: UInt64 = 0

    /// What is wrong though the source goes on: the name of a followed file leads to another one now, or to none.
    package private(set) var problem: String?

    /// Opens the file; nothing is read yet.
    package init(path: String, options: Options = Options()) throws(CaptureError) {
        name = path
        self.options = options
        supply = try ByteSupply(path: path)
        facts.names = [path]
    }

    package func takeSecrets() -> [CapturedSecrets] {
        pcapng?.takeSecrets() ?? []
    }

    package func takeHostNames() -> [HostName] {
        pcapng?.takeHostNames() ?? []
    }

    package func read(into batch: inout FrameBatch) throws(CaptureError) -> SourceStatus {
        batch.removeAll()
        switch state {
        case .ended: return .ended
        case .failing(let error):
            state = .ended
            throw error
        case .reading: break
        }
        let length: Int
        switch try fill(&batch) {
        case .idle: return .idle
        case .end, .broken:  // `fill` throws what is broken
            try finish()
            return .ended
        case .bytes(let count): length = count
        }
        // The frames are moved out and back: the bytes stay borrowed while they are described.
        var frames: [FrameRecord] = []
        swap(&frames, &batch.frames)
        let stop = parse(batch.bytes, length: length, into: &frames)
        swap(&frames, &batch.frames)
        note(batch)
        try settle(stop, batch: batch, length: length)
        return batch.frames.isEmpty ? .idle : .frames
    }

    /// Puts what is left over and the next bytes of the file into the batch. Returns how many bytes it holds then.
    private func fill(_ batch: inout FrameBatch) throws(CaptureError) -> FileBytes.Outcome {
        // A large record makes the piece grow by doubling with what has been read of it, never by what it claims.
        let size = max(options.chunk, carry.count) + carry.count
        // What the batch held is used; a fresh array costs less than growing the old one.
        if batch.bytes.count < size { batch.bytes = Array(repeating: 0, count: size) }
        let held = carry.count
        batch.bytes.replaceSubrange(0..<held, with: carry)
        let read = unsafe batch.bytes.withUnsafeMutableBytes { buffer -> Result<FileBytes.Outcome, CaptureError> in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[held..<size])
            do throws(CaptureError) {
                return .success(try unsafe supply.read(into: free, patience: options.patience))
            } catch {
                return .failure(error)
            }
        }
        if case .failure = read { state = .ended }
        let outcome = try read.get()
        switch outcome {
        case .bytes(let count): return .bytes(held + count)
        case .idle: return .idle
        case .end: return try waitsForMore() ? .idle : .end
        case .broken(let reason):
            if try waitsForMore() { return .idle }
            state = .ended
            throw damage(at: base &+ UInt64(held), reason)
        }
    }

    private func parse(
        _ array: borrowing [UInt8], length: Int, into frames: inout [FrameRecord]
    ) -> ParseStop {
        let bytes = unsafe array.span.bytes.extracting(first: length)
        var start = 0
        if isUnknown {
            guard length >= 4 else { return .needMore(consumed: 0, inside: "the file header") }
            let magic = FileWords(bytes, isSwapped: false).uint32(at: 0)
            if magic == PcapngParser.sectionHeader {
                pcapng = PcapngParser()
            } else if PcapParser.isMagic(magic) {
                start = PcapParser.fileHeaderLength
                guard length >= start else {
                    return .needMore(consumed: 0, inside: "the file header")
                }
                let parser = PcapParser(header: bytes)
                facts.interfaces = [parser.interface]
                pcap = parser
            } else {
                return .damaged(at: 0, reason: "")
            }
        }
        if let pcap { return pcap.parse(bytes, from: start, into: &frames) }
        // One of the two is there by now.
        return pcapng?.parse(bytes, from: start, into: &frames, facts: &facts)
            ?? .needMore(consumed: 0, inside: "the file header")
    }

    private var isUnknown: Bool { pcap == nil && pcapng == nil }

    /// Keeps the incomplete rest, or remembers the fault until the frames before it are used.
    private func settle(_ stop: ParseStop, batch: borrowing FrameBatch, length: Int) throws(CaptureError) {
        switch stop {
        case .needMore(let consumed, let inside):
            carry.removeAll(keepingCapacity: carry.capacity < 1 << 20)
            carry.append(contentsOf: batch.bytes[consumed..<length])
            base &+= UInt64(consumed)
            self.inside = inside
        case .damaged(let at, let reason):
            try fail(
                reason.isEmpty
                    ? notACapture(batch.bytes.prefix(min(8, length)))
                    : damage(at: base &+ UInt64(at), reason), delivered: batch.frames.isEmpty)
        }
    }

    private func fail(_ error: CaptureError, delivered: Bool) throws(CaptureError) {
        carry = []
        guard delivered else {
            state = .failing(error)
            return
        }
        state = .ended
        throw error
    }

    /// The file is over: well, or in the middle of something.
    private func finish() throws(CaptureError) {
        state = .ended
        if isUnknown, carry.isEmpty, base == 0 {
            throw CaptureError(.notACapture, "\(name) is empty: there is no capture in it")
        }
        guard !carry.isEmpty else { return }
        if isUnknown {
            let magic = carry.count >= 4 ? damage(at: 0, "cut short inside \(inside)") : notACapture(carry[...])
            throw magic
        }
        throw damage(at: base, "cut short inside \(inside)")
    }

    private func waitsForMore() throws(CaptureError) -> Bool {
        guard options.follow, supply.isRegular else { return false }
        if let size = supply.size, size < supply.position {
            state = .ended
            throw damage(at: size, "the file became shorter while it was followed")
        }
        problem =
            switch supply.name(name) {
            case .same: nil
            case .gone: "\(name) was removed or renamed; waiting for more of the file that bore this name"
            case .replaced: "\(name) is another file now; waiting for more of the one that bore this name before"
            }
        _ = poll(nil, 0, options.patience)  // a signal may end the rest early
        return true
    }

    private func note(_ batch: borrowing FrameBatch) {
        guard facts.firstFrame == nil, let first = batch.frames.first else { return }
        facts.firstFrame = first.time
    }

    private func damage(at offset: UInt64, _ reason: String) -> CaptureError {
        CaptureError(.damaged(offset: offset), "\(name): capture damaged at byte \(offset): \(reason)")
    }

    private func notACapture(_ start: ArraySlice<UInt8>) -> CaptureError {
        ForeignFormat.recognise(start).map {
            CaptureError(.notACapture, "\(name) is \($0.name), not a pcap or pcapng file", hint: $0.hint)
        } ?? CaptureError(.notACapture, "\(name) is not a pcap or pcapng file")
    }
}
