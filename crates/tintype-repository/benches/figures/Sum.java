import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;

/** The CRC-32 of every data blob of a repository with what the JDK has; prints nanoseconds passed and busy. Arguments: directory, threads. */
public class Sum {
    static final int BUFFER = 256 << 10;

    public static void main(String[] arguments) throws Exception {
        List<Path> files;
        try (var walk = Files.walk(Path.of(arguments[0]))) {
            files = walk.filter(path -> path.getFileName().toString().startsWith("__")).toList();
        }
        int threads = Integer.parseInt(arguments[1]);
        // Until it is compiled.
        for (int round = 0; round < 3; round++) {
            sum(files.subList(0, Math.min(8, files.size())), new AtomicInteger());
        }
        var process = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long busy = process.getProcessCpuTime();
        long begun = System.nanoTime();
        AtomicInteger next = new AtomicInteger();
        Thread[] workers = new Thread[threads];
        for (int number = 0; number < threads; number++) {
            workers[number] = new Thread(() -> sum(files, next));
            workers[number].start();
        }
        for (Thread worker : workers) {
            worker.join();
        }
        System.out.println((System.nanoTime() - begun) + " " + (process.getProcessCpuTime() - busy));
    }

    static long sum(List<Path> files, AtomicInteger next) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        long all = 0;
        for (int at = next.getAndIncrement(); at < files.size(); at = next.getAndIncrement()) {
            CRC32 crc = new CRC32();
            try (FileChannel channel = FileChannel.open(files.get(at))) {
                while (channel.read(buffer.clear()) >= 0) {
                    crc.update(buffer.flip());
                }
            } catch (Exception error) {
                error.printStackTrace();
                System.exit(1);
            }
            all ^= crc.getValue();
        }
        return all;
    }
}
