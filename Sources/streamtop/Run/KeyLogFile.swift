import Foundation

/// A key log (NSS key log format) that may still be written: each read gives what was added since.
struct KeyLogFile {
    /// Read at once; a log grows by a few hundred bytes a connection.
    private static let pieceSize = 1 << 20

    private let path: String
    private var handle: FileHandle?

    /// - Parameter mayAppear: the program that writes it may not have begun; without this a missing file is an error.
    init(_ path: String, mayAppear: Bool) throws(ProgramFailure) {
        self.path = path
        handle = FileHandle(forReadingAtPath: path)
        if handle == nil, !mayAppear { throw ProgramFailure(.failure, "\(path): the key log cannot be read") }
    }

    /// Text added since the last call; empty when there is none.
    mutating func read() -> [UInt8] {
        if handle == nil { handle = FileHandle(forReadingAtPath: path) }
        guard let data = try? handle?.read(upToCount: Self.pieceSize) else { return [] }
        return [UInt8](data)
    }
}
