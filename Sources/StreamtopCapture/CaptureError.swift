/// What went wrong at the edge where frames come in or go out: a code to act on, a sentence to show, and what to do.
package struct CaptureError: Error, Equatable, Sendable {
    package enum Code: Equatable, Sendable {
        /// This user may not capture; the hint has the command that allows it.
        case permission
        case noSuchInterface
        /// libpcap's compiler refused the filter; the message has its text.
        case badFilter
        /// The file cannot be opened or read.
        case unreadable
        /// The file is not a capture we know, or has nothing in it.
        case notACapture
        /// The file is a capture up to `offset` (bytes from the start of the uncompressed capture) and broken there.
        case damaged(offset: UInt64)
        /// A live source failed for another reason.
        case live
        /// A file could not be written.
        case writing
        /// A file that is there already would be overwritten.
        case overwriting
    }

    package var code: Code
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension CaptureError: CustomStringConvertible {
    package var description: String { hint.map { "\(message)\n\($0)" } ?? message }
}
