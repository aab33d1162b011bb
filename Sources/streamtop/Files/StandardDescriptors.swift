import Glibc

/// Descriptors 0, 1 and 2, which whoever starts us may have closed: the next file opened would take their number, and
/// what is meant for standard output or error would be written into it.
enum StandardDescriptors {
    /// Opens what is closed to the null device, the wrong way round: reading input and writing output fail as they would
    /// on a closed descriptor.
    static func fill() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is taken: that of the one found closed.
            _ = unsafe open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}
