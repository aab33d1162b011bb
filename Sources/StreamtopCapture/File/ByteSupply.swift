/// The bytes of a capture file, front to back, whatever it is wrapped in.
struct ByteSupply: ~Copyable {
    private var file: FileBytes

    init(path: String) throws(CaptureError) {
        file = try FileBytes(path: path)
    }

    var isRegular: Bool { file.isRegular }
    var size: UInt64? { file.size }
    var position: UInt64 { file.position }

    mutating func read(
        into buffer: UnsafeMutableRawBufferPointer, patience: Int32
    ) throws(CaptureError) -> FileBytes.Outcome {
        try unsafe file.read(into: buffer, patience: patience)
    }
}
