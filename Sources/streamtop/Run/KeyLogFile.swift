import Glibc
import StreamtopBase
import StreamtopCapture
import StreamtopTerminal

/// A key log (NSS key log format) that may still be written: each read gives what was added since. It may be a file or a
/// pipe, and never keeps the program waiting longer than `finishTime`.
struct KeyLogFile: ~Copyable {
    /// How long a pipe's writer may be silent, and how long it may take in all, before the frames begin without the rest.
    private static let silence: Nanoseconds = .seconds(1)
    private static let finishTime: Nanoseconds = .seconds(5)

    private let path: String
    private var reader: TextFile?
    /// Why a log that is there cannot be read; nil while it can, and while there is none.
    private(set) var hindrance: String?

    /// - Parameters:
    ///   - mayAppear: the program that writes it may not have begun; without this a missing file is an error.
    ///   - isOptional: nobody asked for this run to use it; whatever is wrong with it is no error.
    init(_ path: String, mayAppear: Bool, isOptional: Bool) throws(ProgramFailure) {
        self.path = path
        do throws(CaptureError) {
            reader = try TextFile(path: path)
        } catch {
            guard isOptional || mayAppear && FileIdentity(path: path) == nil else {
                throw ProgramFailure(.failure, "\(path): the key log cannot be read: \(error.message)")
            }
        }
    }

    /// A piece of the text added since the last call; empty when there is none.
    mutating func read() -> [UInt8] {
        var text = reader?.read() ?? []
        guard text.isEmpty, reader == nil || reader?.isReplaced(at: path) == true else { return text }
        do throws(CaptureError) {
            reader = try TextFile(path: path)
            hindrance = nil
            text = reader?.read() ?? []
        } catch {
            hindrance = isAbsent ? nil : error.message
        }
        return text
    }

    private var isAbsent: Bool {
        unsafe access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)
    }

    /// All text of a log that is to be read before the first frame: a file to its end, a pipe until its writer closes it
    /// or takes too long. Ends early when the program is asked to end.
    mutating func readAll(_ take: ([UInt8]) -> Void) {
        let start = Clocks.monotonic
        var last = start
        while !TerminalSignals.isEnding {
            let text = read()
            let now = Clocks.monotonic
            if text.isEmpty {
                guard reader?.hasWriter == true, now - last < Self.silence, now - start < Self.finishTime else {
                    return
                }
                usleep(10_000)
            } else {
                last = now
                take(text)
                if reader?.isRegular == false, now - start >= Self.finishTime { return }
            }
        }
    }
}
